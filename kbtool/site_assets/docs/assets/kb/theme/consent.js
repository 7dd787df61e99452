// What the reader agreed to: the form shows it, and asks where nothing was said yet.
{
  const form = document.forms.consent
  const boxes = [...form.elements].filter(each => each.name)
  const given = __md_get("__consent")
  if (given) for (const box of boxes) box.checked = Boolean(given[box.name])
  else if (location.protocol !== "file:")
    setTimeout(() => { document.querySelector("[data-md-component=consent]").hidden = false }, 250)
  const keep = event => {
    event.preventDefault()
    if (event.type === "reset") for (const box of boxes) box.checked = false
    __md_set("__consent", Object.fromEntries([...new FormData(form).keys()].map(key => [key, true])))
    location.hash = ""
    location.reload()
  }
  form.addEventListener("submit", keep)
  form.addEventListener("reset", keep)
}
