const rows = [...document.querySelectorAll("tbody tr")];
const texts = rows.map((row) => row.textContent.toLowerCase());
document.querySelector("input").addEventListener("input", (event) => {
  const words = event.target.value.toLowerCase().split(/\s+/);
  rows.forEach((row, i) => { row.hidden = !words.every((word) => texts[i].includes(word)); });
  const shown = rows.filter((row) => !row.hidden).length;
  document.querySelector("output").textContent = `${shown} of ${rows.length} rows`;
});
