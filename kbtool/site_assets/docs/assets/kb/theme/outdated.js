// The warning that this is an old version of the site.
{
  const bar = document.querySelector("[data-md-component=outdated]")
  if (bar && __md_get("__outdated", sessionStorage) === true) bar.hidden = false
}
