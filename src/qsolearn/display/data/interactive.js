(() => {
  // Draw the figure once BokehJS is there: the book's pages load it, a notebook does when asked.
  const box = document.getElementById("BOX");
  const name = (handle, title) => {
    handle.setAttribute("aria-label", title.textContent.split(":")[0].trim());
    handle.setAttribute("aria-valuetext", title.textContent.split(":").slice(1).join(":").trim());
  };
  const reach = (root) => root.querySelectorAll("*").forEach((host) => {
    if (!host.shadowRoot) return;
    const handle = host.shadowRoot.querySelector(".noUi-handle");
    const title = host.shadowRoot.querySelector(".bk-slider-title");
    if (handle && title) {
      name(handle, title);
      new MutationObserver(() => name(handle, title)).observe(
        title, { childList: true, characterData: true, subtree: true });
    }
    if (host.classList.contains("bk-Div")) host.setAttribute("aria-live", "polite");
    reach(host.shadowRoot);
  });
  const draw = async () => {
    const item = JSON.parse(box.querySelector("script[type='application/json']").textContent);
    await Bokeh.embed.embed_item(item, box.querySelector(".interactive-drawing"));
    box.querySelector(".interactive-note").remove();
    reach(box);
    box.dataset.state = "drawn";
  };
  let waits = 0;
  const wait = () => {
    if (!box || box.dataset.state) return;
    if (window.Bokeh && document.readyState === "complete") {
      box.dataset.state = "drawing";
      draw();
    } else if (waits++ < 300) setTimeout(wait, 100);
  };
  wait();
})();
