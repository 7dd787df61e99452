// An announcement that the reader closed stays closed.
{
  const bar = document.querySelector("[data-md-component=announce]")
  const text = bar?.querySelector(".md-typeset")
  if (text && __md_hash(text.innerHTML) === __md_get("__announce")) bar.hidden = true
}
