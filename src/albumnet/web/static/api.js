// Questions to the server; what goes wrong comes back as one sentence a person can read.

const MAX_TRIES = 5;

/** An answer that was no answer. `retryAfterS` is a number when it is worth asking again. */
export class ApiError extends Error {
  constructor(message, { status = 0, retryAfterS = null } = {}) {
    super(message);
    this.status = status;
    this.retryAfterS = retryAfterS;
  }
}

/** Fetch, or throw an ApiError; aborts stay aborts. */
export async function ask(url, options = {}) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The server does not answer. Is it still running?");
  }
  if (response.ok) return response;
  throw new ApiError(await reason(response), {
    status: response.status,
    retryAfterS: response.status === 429 || response.status === 503 ? Number(response.headers.get("Retry-After")) || 2 : null,
  });
}

/** The JSON that an address answers. */
export async function askJson(url, options = {}) {
  return (await ask(url, options)).json();
}

/**
 * As askJson; when the server is busy wait as long as it says, and ask again.
 *
 * @param {string} url
 * @param {function} makeOptions gives fetch's options: a body can be sent once only
 * @param {object} how onWait(secondsLeft) is told every second of the waiting; `signal` ends it
 */
export async function askPatiently(url, makeOptions, { onWait, signal = null }) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await askJson(url, { ...makeOptions(), signal });
    } catch (error) {
      if (!(error instanceof ApiError) || error.retryAfterS === null || tries === MAX_TRIES) throw error;
      for (let left = Math.min(30, Math.ceil(error.retryAfterS)); left > 0; left -= 1) {
        onWait(left);
        await pause(1000, signal);
      }
    }
  }
}

/** Let the browser save something as a file. */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("aborted", "AbortError"));
    });
  });
}

/** Errors come as half a line; people read sentences. */
function sentence(text) {
  const end = /[.!?…]$/.test(text) ? "" : ".";
  return `${text[0].toUpperCase()}${text.slice(1)}${end}`;
}

async function reason(response) {
  try {
    const { error } = await response.json();
    if (error) return sentence(error);
  } catch {
    // Not JSON: the status has to do.
  }
  return `The server answered ${response.status}.`;
}
