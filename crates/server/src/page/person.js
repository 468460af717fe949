// One resident: another name, their photos, thumbnails where photos are kept.

import { access, ask, at, listPeople, sentence } from "./door.js";

const dialog = at("person-dialog");
let open = null; // the name of who is shown

const path = (name, rest = "") => `v1/people/${encodeURIComponent(name)}${rest}`;

function tell(text) {
  at("person-note").textContent = text;
}

/** Shows errors where the work is done. */
async function guarded(act) {
  try {
    await act();
  } catch (error) {
    const words = {
      name_taken: "Somebody else has this name.",
      last_photo: "This is the only photo. Remove the resident instead.",
      person_not_found: "This resident is gone.",
    }[error.kind];
    tell(words ?? sentence(error.message));
  }
}

/** a file that is kept, as an address of this page. */
async function fileOf(name, id) {
  const blob = await ask("GET", path(name, `/photos/${id}`), undefined, (response) => response.blob());
  return URL.createObjectURL(blob);
}

function photoItem(name, photo, number) {
  const item = document.createElement("li");
  const face = document.createElement("span");
  face.className = "face";
  face.setAttribute("aria-hidden", "true");
  face.textContent = String(number + 1);
  if (photo.kept) showFile(face, name, photo.id);
  const who = document.createElement("span");
  who.className = "who";
  const date = new Date(photo.added).toLocaleDateString();
  who.textContent = `Photo ${number + 1}, ${date}`;
  item.append(face, who);
  if (access.change) {
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "danger";
    remove.textContent = "Remove";
    remove.setAttribute("aria-label", `Remove photo ${number + 1}`);
    remove.onclick = () => guarded(async () => {
      await ask("DELETE", path(name, `/photos/${photo.id}`));
      tell(`Photo ${number + 1} is gone.`);
      await Promise.all([showPhotos(name), listPeople()]);
    });
    item.append(remove);
  }
  return item;
}

/** Puts a photo into a round frame; without one, the letter stays. */
async function showFile(frame, name, id) {
  try {
    const image = document.createElement("img");
    image.alt = "";
    image.src = await fileOf(name, id);
    image.onload = () => URL.revokeObjectURL(image.src);
    frame.replaceChildren(image);
  } catch {
    // The photo has gone meanwhile.
  }
}

async function showPhotos(name) {
  const { photos } = await ask("GET", path(name, "/photos"));
  if (open === name) at("photos").replaceChildren(...photos.map((photo, number) => photoItem(name, photo, number)));
}

function openPerson(name) {
  open = name;
  at("person-title").textContent = name;
  at("new-name").value = name;
  tell("");
  at("photos").replaceChildren();
  dialog.showModal();
  guarded(() => showPhotos(name));
}

at("rename").onsubmit = (event) => {
  event.preventDefault();
  guarded(async () => {
    const name = at("new-name").value.trim().normalize();
    if (name === open) return;
    const query = new URLSearchParams({ name });
    const person = await ask("PATCH", `${path(open)}?${query}`);
    open = person.name;
    at("person-title").textContent = open;
    tell(`The name is ${open} now.`);
    await Promise.all([showPhotos(open), listPeople()]);
  });
};
at("person-end").onclick = () => dialog.close();
dialog.addEventListener("close", () => {
  open = null;
});

at("people").addEventListener("click", (event) => {
  const item = event.target.closest("[data-edit]");
  if (item) openPerson(item.dataset.edit);
});

// Photos of those who can be seen, since there may be many.
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    const { name } = target.dataset;
    ask("GET", path(name, "/photos"))
      .then(({ photos }) => photos.find((photo) => photo.kept))
      .then((photo) => photo && showFile(target, name, photo.id))
      .catch(() => {});
  }
});
document.addEventListener("listed", () => {
  seen.disconnect();
  document.querySelectorAll("#people .face[data-name]").forEach((face) => seen.observe(face));
});

let typing = 0;
at("search").oninput = () => {
  clearTimeout(typing);
  typing = setTimeout(() => listPeople().catch(() => {}), 200);
};
