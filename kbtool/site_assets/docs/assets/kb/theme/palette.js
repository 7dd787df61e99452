// The colours that the reader chose, or that the system asks for, before anything is painted in others.
{
  const inputs = [...document.querySelectorAll("[data-md-color-media]")]
  const of = input => Object.fromEntries(
    ["media", "scheme", "primary", "accent"].map(key => [key, input.getAttribute(`data-md-color-${key}`)]))
  const asked = () => inputs.find(input => input.dataset.mdColorMedia && matchMedia(input.dataset.mdColorMedia).matches
    && input.dataset.mdColorMedia !== "(prefers-color-scheme)")
  let color = __md_get("__palette")?.color
  if (!color || color.media === "(prefers-color-scheme)") color = asked() ? of(asked()) : color
  for (const [key, value] of Object.entries(color || {}))
    if (value !== null) document.body.setAttribute(`data-md-color-${key}`, value)
}
