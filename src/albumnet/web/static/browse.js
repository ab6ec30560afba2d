// Browse without pressing Show: a changed choice asks at once. Without this the form works just as well.
const form = document.getElementById("browse");

/** Empty fields stay out of the address. */
form.addEventListener("submit", () => {
  for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
});
// A page that comes back from the browser's memory would keep them disabled.
addEventListener("pageshow", () => {
  for (const field of form.elements) field.disabled = false;
});
for (const select of form.querySelectorAll("select")) select.addEventListener("change", () => form.requestSubmit());
