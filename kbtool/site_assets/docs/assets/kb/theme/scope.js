// What the theme keeps in the browser, under the address of the site that the page belongs to. The theme has this and
// its other small scripts inside each page; here they are files, so that nothing inside a page need ever run.
window.__md_scope = new URL(document.currentScript.dataset.scope, location)
window.__md_hash = text => [...text].reduce((sum, sign) => (sum << 5) - sum + sign.charCodeAt(0), 0)
window.__md_get = (key, store, scope = __md_scope) => {
  try {
    return JSON.parse((store || localStorage).getItem(`${scope.pathname}.${key}`))
  } catch {
    return null  // a browser that keeps nothing, or not ours
  }
}
window.__md_set = (key, value, store, scope = __md_scope) => {
  try {
    (store || localStorage).setItem(`${scope.pathname}.${key}`, JSON.stringify(value))
  } catch { /* the reader chooses again on the next page */ }
}

// The tabs of content that the reader chose last, or that the address names.
{
  const choose = () => {
    const chosen = __md_get("__tabs")
    for (const label of Array.isArray(chosen) ? document.querySelectorAll(".tabbed-labels > label") : [])
      if (chosen.includes(label.innerText.trim())) document.getElementById(label.htmlFor).checked = true
    const named = document.querySelector(":target")
    if (named?.name?.startsWith("__tabbed_")) named.checked = true
  }
  addEventListener("DOMContentLoaded", () => window.document$ ? document$.subscribe(choose) : choose())
}
