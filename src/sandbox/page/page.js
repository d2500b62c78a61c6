"use strict";

// What is often tried, in words.
const SWITCHES = [
  ["http=503", "Meta is down"],
  ["131056", "Too many messages to one person"],
  ["130429", "Too many messages in all"],
  ["131026", "Messages cannot be delivered"],
  ["hang", "Meta does not answer"],
  ["close-after", "Answers are lost"],
  ["latency=2s", "Answers take two seconds"],
  ["failed=131026", "Receipts say failed"],
  ["lost", "Receipts are lost"],
  ["disorder", "Receipts come in any order"],
];
const TICKS = { accepted: "✓", sent: "✓", delivered: "✓✓", read: "✓✓", failed: "!" };
const POLL_MS = 500;

const find = (id) => document.getElementById(id);
let seen = "";
let view = null;

function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
}

async function post(path, body) {
  const answer = await fetch(path, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    throw new Error(said.error || `the sandbox answered ${answer.status}`);
  }
  await look();
}

// WhatsApp's marks: *bold*, _italic_, ~struck~, `code`. Only text nodes come of it.
function marked(text) {
  const kinds = { "*": "strong", _: "em", "~": "s", "`": "code" };
  const found = text.matchAll(/([*_~`])(?=\S)([^\n]*?\S)\1/g);
  const nodes = [];
  let at = 0;
  for (const match of found) {
    nodes.push(text.slice(at, match.index), make(kinds[match[1]], { textContent: match[2] }));
    at = match.index + match[0].length;
  }
  nodes.push(text.slice(at));
  return nodes;
}

function clock(at) {
  return make("time", {
    dateTime: at,
    textContent: new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }),
  });
}

function bubble(phone, one) {
  if (one.said !== undefined) {
    const how = one.tapped ? make("span", { className: "sr", textContent: "tapped " }) : null;
    const text = make("p", {}, how, one.said);
    const item = make("li", { className: "bubble mine" }, text, make("div", { className: "meta" }, clock(one.at)));
    item.dataset.id = one.id;
    return item;
  }
  const ticks = make("span", { className: "ticks", ariaHidden: "true", textContent: TICKS[one.state] || "✓" });
  const word = make("span", { className: "sr state", textContent: one.state });
  const lost = one.answer_lost ? make("span", { className: "failed", textContent: "answer lost" }) : null;
  const meta = make("div", { className: "meta" }, lost, clock(one.at), ticks, word);
  const item = make("li", { className: `bubble ${one.state}` },
    one.header ? make("p", { className: "head", textContent: one.header }) : null,
    make("p", { className: "body" }, ...marked(one.body)),
    one.footer ? make("p", { className: "foot", textContent: one.footer }) : null,
    meta);
  item.dataset.id = one.id;
  if (one.buttons.length > 0) {
    const buttons = one.buttons.map(({ label, taps }) => {
      if (!taps) return make("span", { textContent: label });
      const button = make("button", { type: "button", textContent: label });
      button.addEventListener("click", () => tell(phone, post("/sandbox/taps", { phone, button: label })));
      return button;
    });
    item.append(make("div", { className: "buttons" }, ...buttons));
  }
  return item;
}

async function tell(phone, doing) {
  const place = document.querySelector(`[data-phone="${CSS.escape(phone)}"] .error`);
  try {
    await doing;
    if (place) place.textContent = "";
  } catch (error) {
    if (place) place.textContent = error.message;
  }
}

function handset(one) {
  const input = make("input", { name: "text", autocomplete: "off", maxLength: 4096, placeholder: "Reply as this person" });
  input.setAttribute("aria-label", `Reply from the phone that ends with ${one.phone}`);
  const form = make("form", { className: "write" }, input, make("button", { textContent: "Send" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text === "") return;
    input.value = "";
    tell(one.phone, post("/sandbox/replies", { phone: one.phone, text }));
  });
  const title = make("h3", {}, make("span", { textContent: `Phone …${one.phone}` }), make("small", {}));
  const talk = make("ol", { className: "talk", tabIndex: 0 });
  talk.setAttribute("aria-label", `Conversation on the phone that ends with ${one.phone}`);
  const box = make("article", { className: "phone" }, title, talk,
    make("p", { className: "error", role: "alert" }), form);
  box.dataset.phone = one.phone;
  return box;
}

function drawPhones() {
  const place = find("phones");
  const known = new Map([...place.children].map((box) => [box.dataset.phone, box]));
  find("no-phones").hidden = view.phones.length > 0;
  view.phones.forEach((one, n) => {
    const box = known.get(one.phone) || handset(one);
    known.delete(one.phone);
    if (place.children[n] !== box) place.insertBefore(box, place.children[n] || null);
    box.querySelector("h3 small").textContent = one.window_open ? "window open" : "";
    const talk = box.querySelector(".talk");
    const drawn = JSON.stringify([one.older, one.bubbles]);
    if (talk.dataset.drawn === drawn) return;
    const atEnd = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 80;
    const tapped = talk.contains(document.activeElement) ? document.activeElement.textContent : null;
    const older = one.older > 0
      ? make("li", { className: "older", textContent: `${one.older} older` }) : null;
    talk.replaceChildren(...[older, ...one.bubbles.map((each) => bubble(one.phone, each))].filter(Boolean));
    talk.dataset.drawn = drawn;
    if (tapped !== null) {
      const again = [...talk.querySelectorAll("button")].reverse().find((each) => each.textContent === tapped);
      (again || talk).focus();
    }
    if (atEnd) talk.scrollTop = talk.scrollHeight;
  });
  for (const box of known.values()) box.remove();
  const more = find("more-phones");
  more.hidden = view.more_phones === 0;
  more.textContent = `and ${view.more_phones} more phones`;
}

async function setFaults(faults) {
  try {
    await post("/sandbox/faults", faults);
    find("fault-error").textContent = "";
  } catch (error) {
    find("fault-error").textContent = error.message;
  }
}

function drawFaults() {
  for (const box of document.querySelectorAll("#switches input")) box.checked = view.faults.includes(box.value);
  const known = SWITCHES.map(([text]) => text);
  const others = view.faults.filter((text) => !known.includes(text));
  find("others").replaceChildren(...others.map((text) => {
    const remove = make("button", { type: "button", textContent: "Remove" });
    remove.setAttribute("aria-label", `Remove ${text}`);
    remove.addEventListener("click", () => setFaults(view.faults.filter((one) => one !== text)));
    return make("li", {}, make("code", { textContent: text }), remove);
  }));
}

function drawTemplates() {
  const place = find("templates");
  const drawn = JSON.stringify(view.templates);
  if (place.dataset.drawn === drawn) return;
  place.dataset.drawn = drawn;
  place.replaceChildren(...view.templates.map((one) => {
    const choice = make("select", {}, make("option", { value: "", textContent: "Decide…" }),
      ...["approve", "reject", "pause", "disable", "utility", "marketing"].map((word) =>
        make("option", { value: word, textContent: word })));
    choice.setAttribute("aria-label", `Decide on ${one.name} (${one.language})`);
    choice.addEventListener("change", () => {
      const decision = choice.value;
      if (decision === "") return;
      choice.value = "";
      post(`/sandbox/templates/${encodeURIComponent(one.name)}`, { decision, language: one.language });
    });
    const status = make("span", { className: one.status === "APPROVED" ? "" : "bad", textContent: one.status.toLowerCase() });
    const label = make("span", {}, one.name, make("small", {}, `${one.language} · ${one.category.toLowerCase()} · `, status));
    return make("div", { className: "template" }, label, choice);
  }));
  const more = find("more-templates");
  more.hidden = view.more_templates === 0;
  more.textContent = `and ${view.more_templates} more`;
}

function drawTally() {
  const parts = [`${view.accepted} messages on phones`];
  if (view.refused + view.faulty > 0) parts.push(`${view.refused + view.faulty} requests refused`);
  if (view.webhook) parts.push(`${view.webhook.taken} receipts and replies taken`);
  if (view.webhook && view.webhook.waiting > 0) parts.push(`${view.webhook.waiting} to come`);
  const text = parts.join(" · ");
  if (find("tally").textContent !== text) find("tally").textContent = text;
  find("token").textContent = !view.token.good ? "No token is good any more."
    : view.token.expires ? `Good until ${new Date(view.token.expires).toLocaleString()}.` : "Good, without an end.";
}

async function look() {
  try {
    const answer = await fetch("/sandbox/view", { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const text = await answer.text();
    find("live").hidden = true;
    if (text === seen) return;
    view = JSON.parse(text);
    seen = text;
    drawPhones();
    drawFaults();
    drawTemplates();
    drawTally();
  } catch {
    find("live").hidden = false;
  }
}

async function watch() {
  if (!document.hidden) await look();
  setTimeout(watch, POLL_MS);
}

find("switches").append(...SWITCHES.map(([text, words]) => {
  const box = make("input", { type: "checkbox", value: text });
  box.addEventListener("change", () => {
    const others = view.faults.filter((one) => one !== text);
    setFaults(box.checked ? [...others, text] : others);
  });
  return make("label", { className: "switch" }, box, make("span", {}, words, make("code", { textContent: text })));
}));
find("add-fault").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = find("fault").value.trim();
  if (text === "") return;
  await setFaults([...view.faults, text]);
  if (find("fault-error").textContent === "") find("fault").value = "";
});
find("expire").addEventListener("click", () => post("/sandbox/token", "expire"));
find("renew").addEventListener("click", () => post("/sandbox/token", { renew: null }));
document.addEventListener("visibilitychange", look);
watch();
