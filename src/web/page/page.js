// Keeps the page live. Without it the page reads as it was when it came.
"use strict";

const SETTLE_MS = 2500; // a stream that comes back within this was never lost for people
const TICK_MS = 10000;
const query = new URLSearchParams(location.search);
const live = document.getElementById("live");
const seen = new Map(); // the HTML of each part as the server wrote it
let lostSince = null;
let fetching = false;
let again = false;

function clock(date) {
  return date.toTimeString().slice(0, 5);
}

function tell(text, lost) {
  if (live.textContent !== text) live.textContent = text;
  live.classList.toggle("lost", lost);
  document.body.classList.toggle("stale", lost);
}

// The parts that changed are put in place; focus and scroll stay where they were.
function place(html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  for (const part of fresh.content.querySelectorAll("[data-part]")) {
    const name = part.dataset.part;
    const old = document.querySelector(`[data-part="${name}"]`);
    if (!old || seen.get(name) === part.outerHTML) continue;
    seen.set(name, part.outerHTML);
    const focus = old.contains(document.activeElement) ? mark(document.activeElement) : null;
    const scroll = old.scrollTop;
    old.replaceWith(part);
    part.scrollTop = scroll;
    if (focus) find(part, focus)?.focus({ preventScroll: true });
  }
}

// What was focused, by what it is about: rows move.
function mark(element) {
  const kind = ["ack", "silence", "unsilence"].find((name) => name in element.dataset);
  return kind ? { kind, about: element.dataset[kind] } : { href: element.getAttribute("href") };
}

function find(part, { kind, about, href }) {
  const all = [...part.querySelectorAll(kind ? `[data-${kind}]` : "a")];
  return all.find((one) => (kind ? one.dataset[kind] === about : one.getAttribute("href") === href));
}

async function refresh() {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  const wanted = new URLSearchParams(query);
  wanted.set("part", "all");
  try {
    const answer = await fetch(`${location.pathname}?${wanted}`, { headers: { accept: "text/html" } });
    if (answer.redirected || answer.status === 401) location.reload();
    else if (answer.ok) place(await answer.text());
  } catch {
    // The stream says that the server is gone.
  }
  fetching = false;
  if (again) {
    again = false;
    refresh();
  }
}

function lost() {
  lostSince ??= new Date();
  setTimeout(() => {
    if (lostSince) tell(`not live since ${clock(lostSince)}`, true);
  }, SETTLE_MS);
}

function listen() {
  const events = new EventSource("/api/v1/events");
  events.addEventListener("open", () => {
    lostSince = null;
    tell("live", false);
  });
  events.addEventListener("changed", refresh);
  events.addEventListener("error", () => {
    lost();
    // A refusal ends the stream for good: try from the beginning.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, TICK_MS);
  });
}

// Ages go on while nothing else changes.
function span(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${String(Math.floor(seconds / 60) % 60).padStart(2, "0")}`;
  return `${Math.floor(seconds / 86400)} d`;
}

function age() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const seconds = Math.abs(Math.round((Date.now() - Date.parse(time.dateTime)) / 1000));
    time.textContent = span(seconds);
  }
}

const trail = document.getElementById("trail");

async function showTrail(link) {
  const url = new URL(link.href);
  url.searchParams.set("part", "trail");
  const inside = trail.querySelector(".inside");
  inside.textContent = "…";
  trail.returnTo = mark(link);
  trail.showModal();
  try {
    inside.innerHTML = await (await fetch(url)).text();
    inside.querySelector("main")?.removeAttribute("id");
  } catch {
    inside.textContent = "The server does not answer.";
  }
}

// The row may have been drawn again meanwhile.
trail?.addEventListener("close", () => {
  if (trail.returnTo && !document.activeElement?.matches("a,button")) find(document, trail.returnTo)?.focus();
});

function open(id, fill) {
  const dialog = document.getElementById(id);
  const form = dialog.querySelector("form");
  form.reset();
  form.elements.by.value = localStorage.getItem("klaxond.name") ?? "";
  dialog.querySelector(".wrong").textContent = "";
  fill(form, dialog);
  dialog.showModal();
}

async function send(dialog, method, path, body) {
  const wrong = dialog?.querySelector(".wrong");
  try {
    const answer = await fetch(path, {
      method,
      headers: { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (answer.ok) {
      dialog?.close();
      refresh();
      return;
    }
    const said = await answer.json().catch(() => ({}));
    throw new Error(said.error ?? `the server answers ${answer.status}`);
  } catch (error) {
    if (wrong) wrong.textContent = error.message;
    else tell(error.message, false);
  }
}

function act(id, run) {
  const dialog = document.getElementById(id);
  dialog?.querySelector("form").addEventListener("submit", (event) => {
    if (event.submitter?.value !== "ok") return;
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.target));
    localStorage.setItem("klaxond.name", values.by);
    run(dialog, values);
  });
}

act("ack", (dialog, { by }) => {
  const about = new URLSearchParams({ id: dialog.about, by });
  send(dialog, "POST", `/api/v1/ack?${about}`, {});
});
act("silence", (dialog, values) => send(dialog, "POST", "/api/v1/silences", values));

document.addEventListener("click", (event) => {
  const hit = event.target.closest("[data-trail],[data-ack],[data-silence],[data-unsilence]");
  if (!hit) return;
  if ("trail" in hit.dataset) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    showTrail(hit);
  } else if ("ack" in hit.dataset) {
    open("ack", (form, dialog) => {
      dialog.about = hit.dataset.ack;
      form.querySelector(".what").textContent = hit.dataset.what;
    });
  } else if ("silence" in hit.dataset) {
    open("silence", (form) => {
      form.elements.filter.value = hit.dataset.silence;
    });
  } else {
    const by = localStorage.getItem("klaxond.name") ?? "";
    const path = `/api/v1/silences/${encodeURIComponent(hit.dataset.unsilence)}`;
    send(null, "DELETE", `${path}?${new URLSearchParams({ by })}`);
  }
});

if ("live" in document.body.dataset) {
  listen();
  setInterval(age, TICK_MS);
}
