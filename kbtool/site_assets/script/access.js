// What scrolls sideways can be reached by the keyboard, and then be scrolled by its arrows.
(() => {
  const MAY_SCROLL = ".md-content :is(p, dd, li, td, pre, code, .kb-p, .kb-formula, .kb-table, .kb-output, .kb-data, .kb-figure)"
  const look = () => {
    const wide = [...document.querySelectorAll(MAY_SCROLL)].filter(each => each.scrollWidth > each.clientWidth + 1)
    for (const each of wide)
      if (!each.hasAttribute("tabindex") && /auto|scroll/.test(getComputedStyle(each).overflowX)) each.tabIndex = 0
  }
  let soon = 0
  const later = () => {
    clearTimeout(soon)
    soon = setTimeout(look, 100)
  }
  addEventListener("resize", later)
  document.addEventListener("toggle", later, true)
  if (document.readyState === "complete") look()
  else addEventListener("load", look)
})()
