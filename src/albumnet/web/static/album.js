// An album's page: its moods' bars can be pressed.
import { albumSubject } from "./explain/subjects.js";
import { Why } from "./explain/why.js";

const panel = document.getElementById("why");
const list = document.querySelector(".mood-bars");
const cover = document.querySelector(".album-cover img");
const why = new Why(albumSubject(panel.dataset.album, cover?.getAttribute("src") ?? null), { slot: document.getElementById("why-slot"), panel });
why.attach(list);
list.after(why.hint());
