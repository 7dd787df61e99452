// Pictures fill the window when they are clicked or opened with the keyboard; any key or click closes them again.
(() => {
  const ru = document.documentElement.lang === "ru"
  const says = ru ? { zoom: "Увеличить", close: "Закрыть" } : { zoom: "Enlarge", close: "Close" }
  const LEAST = 48
  const dialog = document.createElement("dialog")
  dialog.className = "kb-zoom"
  const picture = document.createElement("img")
  const close = document.createElement("button")
  close.type = "button"
  close.className = "kb-zoom__close"
  close.setAttribute("aria-label", says.close)
  close.textContent = "×"
  dialog.append(picture, close)
  let opener = null

  const zoomable = image => image.matches?.(".md-content :is(.kb-image, .kb-figure img, .kb-diagram img)") && !image.closest("a, summary, .kb-preview")
  const open = image => {
    opener = image
    picture.src = image.currentSrc || image.src
    picture.alt = image.alt
    dialog.classList.toggle("kb-zoom--drawn", picture.src.split("#")[0].endsWith(".svg"))
    dialog.setAttribute("aria-label", image.alt || says.zoom)
    if (!dialog.isConnected) document.body.append(dialog)
    dialog.showModal()
  }
  dialog.addEventListener("click", () => dialog.close())
  dialog.addEventListener("close", () => opener?.focus({ preventScroll: true }))
  document.addEventListener("click", event => {
    if (zoomable(event.target) && event.target.tabIndex === 0) open(event.target)
  })
  document.addEventListener("keydown", event => {
    if ((event.key === "Enter" || event.key === " ") && zoomable(event.target)) {
      event.preventDefault()
      open(event.target)
    }
  })
  const offer = image => {
    if (image.naturalWidth < LEAST && !image.src.includes(".svg")) return
    image.tabIndex = 0
    image.setAttribute("role", "button")
    image.setAttribute("aria-label", image.alt ? `${says.zoom}: ${image.alt}` : says.zoom)
    image.classList.add("kb-zoomable")
  }
  const start = () => {
    for (const image of document.querySelectorAll(".md-content img")) {
      if (!zoomable(image)) continue
      if (image.complete) offer(image)
      else image.addEventListener("load", () => offer(image), { once: true })
    }
  }
  if (window.document$) window.document$.subscribe(start)
  else start()
})()
