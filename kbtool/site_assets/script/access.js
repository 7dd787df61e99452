// What scrolls sideways can be reached by the keyboard, and then be scrolled by its arrows.
(() => {
  const MAY_SCROLL = ".md-content :is(p, dd, li, td, pre, code, .kb-p, .kb-formula, .kb-table, .kb-output, .kb-data, .kb-figure, .md-typeset__scrollwrap)"
  const look = () => {
    const wide = [...document.querySelectorAll(MAY_SCROLL)].filter(each => each.scrollWidth > each.clientWidth + 1)
    for (const each of wide)
      if (!each.hasAttribute("tabindex") && /auto|scroll/.test(getComputedStyle(each).overflowX)) each.tabIndex = 0
  }
  let soon = 0
  const later = () => {
    cancelAnimationFrame(soon)
    soon = requestAnimationFrame(look)
  }
  /** The theme gives each piece of code a landmark without a name; a group of buttons is what it is. */
  const group = () => {
    for (const each of document.querySelectorAll(".md-code__nav:not([role])")) each.setAttribute("role", "group")
  }
  const start = () => {
    look()
    group()
    window.document$?.subscribe(later)
    new MutationObserver(group).observe(document.querySelector(".md-content") || document.body, { childList: true, subtree: true })
  }
  addEventListener("resize", later)
  document.addEventListener("toggle", later, true)
  if (document.readyState === "complete") start()
  else addEventListener("load", start)
})()
