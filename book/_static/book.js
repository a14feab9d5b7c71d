// A wide table scrolls inside itself: let the keyboard reach it too.
const reachable = () =>
  document.querySelectorAll(".bd-article table, .cell_output, .output").forEach((box) => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  });
addEventListener("load", reachable);
addEventListener("resize", reachable);
