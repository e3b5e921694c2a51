// Copies the page's address. Off localhost and without HTTPS browsers hide the clipboard, so there the address is shown
// selected in a prompt, one key away from being copied.

import { element } from "./words.js";

export default function copyLink({ parentElement }) {
  if (parentElement.querySelector(".sl-copy")) return;
  const label = element("span", { text: "Copy link" });
  const button = element("button", { cls: "sl-copy", title: "Copy the address of this page with everything on it" }, [label]);
  button.type = "button";
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(window.location.href);
      label.textContent = "Copied";
      setTimeout(() => { label.textContent = "Copy link"; }, 1600);
    } catch {
      window.prompt("Copy this address:", window.location.href);
    }
  };
  parentElement.append(button);
}
