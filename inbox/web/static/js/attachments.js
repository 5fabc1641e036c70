// Files for an answer: chosen, dropped or pasted; shown small, described, taken away. The server has the last word.
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const input = () => one("#files");
  const way = () => one('#composer input[name="way"]:checked');
  const filled = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  // A file input's list cannot be changed, only replaced.
  function put(files) {
    const held = new DataTransfer();
    files.forEach((file) => held.items.add(file));
    input().files = held.files;
    show();
  }

  function line(file, number, chosen) {
    const list = one("#files-chosen");
    const item = document.createElement("li");
    item.className = "chosen-file";
    if (file.type.startsWith("image/")) {
      const picture = document.createElement("img");
      picture.alt = "";
      const reader = new FileReader();
      reader.addEventListener("load", () => { picture.src = reader.result; });
      reader.readAsDataURL(file);
      item.append(picture);
    }
    const name = document.createElement("span");
    name.className = "file-name";
    name.textContent = file.name;
    const longest = file.type.startsWith("image/") ? Number(chosen.dataset.describe) : 0;
    const words = document.createElement("input");
    words.name = "alternative_text";
    words.type = longest ? "text" : "hidden";
    words.className = "describe";
    words.maxLength = longest || 1;
    words.value = longest ? file.described ?? "" : "";
    words.setAttribute("aria-label", filled(list.dataset.describe, { name: file.name }));
    words.addEventListener("input", () => { file.described = words.value; });
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "button quiet";
    remove.textContent = "×";
    remove.setAttribute("aria-label", filled(list.dataset.remove, { name: file.name }));
    remove.addEventListener("click", () => {
      put([...input().files].filter((_, index) => index !== number));
      input().focus();
    });
    item.append(name, words, remove);
    return item;
  }

  function fits(file, chosen) {
    const taken = chosen.dataset.accept.toLowerCase().split(",");
    return taken.includes(file.type) || taken.some((ending) => ending.startsWith(".") && file.name.toLowerCase().endsWith(ending));
  }

  function show() {
    const list = one("#files-chosen");
    const chosen = way();
    if (!list || !chosen) return;
    const files = [...input().files];
    all(".chosen-file", list).forEach((item) => item.remove());
    list.append(...files.map((file, number) => line(file, number, chosen)));
    const number = list.children.length;
    const most = Number(chosen.dataset.most);
    const wrong = most ? files.filter((file) => !fits(file, chosen)).map((file) => filled(list.dataset.notTaken, { name: file.name })) : [];
    if (most && number > most) wrong.push(filled(list.dataset.tooMany, { most }));
    one("#takes").textContent = number ? [...wrong, chosen.dataset.takes].join(" ") : "";
    one("#takes").classList.toggle("late", Boolean(number) && (!most || wrong.length > 0));
    one("#reply-text").required = !number;
  }

  function fit() {
    const chosen = way();
    if (!input() || !chosen) return;
    input().accept = chosen.dataset.accept;
    input().disabled = !chosen.dataset.accept && !one("#files-chosen").children.length;
    input().closest("label").title = chosen.dataset.takes;
    show();
  }

  function add(files) {
    if (files.length && input() && !input().disabled) put([...input().files, ...files]);
  }

  document.addEventListener("change", (event) => {
    if (event.target.id === "files") show();
    else if (event.target.name === "way") fit();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove-kept]");
    if (!button) return;
    button.closest("li").remove();
    input().focus();
    fit();
  });
  document.addEventListener("paste", (event) => {
    if (event.target.id !== "reply-text" || !event.clipboardData.files.length) return;
    event.preventDefault();
    add([...event.clipboardData.files]);
  });
  document.addEventListener("dragover", (event) => {
    const form = event.target.closest?.("#composer");
    if (!form || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => { if (event.target.id === "composer") event.target.classList.remove("dropping"); });
  document.addEventListener("drop", (event) => {
    const form = event.target.closest?.("#composer");
    if (!form || !event.dataTransfer.files.length) return;
    event.preventDefault();
    form.classList.remove("dropping");
    add([...event.dataTransfer.files]);
  });
  document.addEventListener("zuruf:shown", fit);
  fit();
})();
