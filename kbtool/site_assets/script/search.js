// Material's search box listens to keys alone: text that is pasted by mouse, dropped or dictated comes without any.
document.addEventListener("input", ({ target }) => {
  if (target.matches?.(".md-search__input")) target.dispatchEvent(new Event("keyup"))
})
