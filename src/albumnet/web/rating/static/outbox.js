// Answers on their way: each is written down here before it is sent, and crossed out when the server has it.

/** A name for an answer; `crypto.randomUUID` is missing where the page does not come over TLS. */
export function newSubmission() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Waiting answers of one link. An entry has a key of its own, so that two tabs never write over each other's. */
export class Outbox {
  #prefix;
  #memory = new Map();

  constructor(token) {
    this.#prefix = `albumnet-answer:${token}:`;
  }

  /** All that wait, oldest first. */
  entries() {
    const found = new Map(this.#memory);
    for (const key of this.#keys()) {
      try {
        found.set(key, JSON.parse(localStorage.getItem(key)));
      } catch {
        // Another tab crossed it out just now.
      }
    }
    return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry).filter(Boolean);
  }

  add(answer) {
    const at = String(Date.now()).padStart(15, "0");
    const count = String(this.entries().length).padStart(5, "0");
    const key = `${this.#prefix}${at}:${count}:${answer.submission}`;
    try {
      localStorage.setItem(key, JSON.stringify(answer));
    } catch {
      this.#memory.set(key, answer); // Storage is off or full: it waits as long as the page is open.
    }
  }

  remove(submission) {
    for (const key of [...this.#keys(), ...this.#memory.keys()]) {
      if (!key.endsWith(submission)) continue;
      this.#memory.delete(key);
      try {
        localStorage.removeItem(key);
      } catch {
        // Storage is off.
      }
    }
  }

  #keys() {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(this.#prefix));
    } catch {
      return [];
    }
  }
}

/** Sends what waits, one after the other; tries again until there is a connection. */
export class Sender {
  #token;
  #outbox;
  #on;
  #isSending = false;
  #timer = null;
  #waitS = 1;

  /** `on` has `saved(answer, kept)`, `conflict(answer, kept)` that answers a promise, `refused(message)` and `changed(n, isOffline)`. */
  constructor(token, outbox, on) {
    this.#token = token;
    this.#outbox = outbox;
    this.#on = on;
    addEventListener("online", () => this.send());
  }

  async send() {
    if (this.#isSending) return;
    this.#isSending = true;
    clearTimeout(this.#timer);
    try {
      for (let next = this.#outbox.entries()[0]; next; next = this.#outbox.entries()[0]) {
        if (!(await this.#sendOne(next))) {
          this.#on.changed(this.#outbox.entries().length, true);
          this.#timer = setTimeout(() => this.send(), 1000 * this.#waitS);
          this.#waitS = Math.min(2 * this.#waitS, 15);
          return;
        }
        this.#waitS = 1;
      }
      this.#on.changed(0, false);
    } finally {
      this.#isSending = false;
    }
  }

  /** Whether the server was there. */
  async #sendOne(answer) {
    let response;
    let content;
    try {
      response = await fetch(`/api/r/${this.#token}/answers`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(answer), cache: "no-store",
      });
      content = await response.json();
    } catch {
      return false;
    }
    if (response.ok) {
      this.#outbox.remove(answer.submission);
      this.#on.saved(answer, content);
    } else if (response.status === 409) {
      await this.#on.conflict(answer, content.saved);
    } else if (response.status === 429 || response.status >= 500) {
      return false;
    } else {
      // It would be refused for ever: say so rather than hold up the others.
      this.#outbox.remove(answer.submission);
      this.#on.refused(content.error ?? `the server answered ${response.status}`);
    }
    return true;
  }
}
