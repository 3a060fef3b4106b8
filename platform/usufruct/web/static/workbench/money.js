// Amounts of minor units as all pages show them: thousands by commas, the places after the second in small digits.
const PLACES = 2;

/** Sign and whole part, and all places of the currency. */
function parts(minor, decimals) {
  const digits = minor.replace("-", "").padStart(decimals + 1, "0"), at = digits.length - decimals;
  return [(minor.startsWith("-") ? "−" : "") + digits.slice(0, at).replace(/\B(?=(\d{3})+$)/g, ","), digits.slice(at)];
}

/** An amount as text. */
export function money(minor, decimals) {
  const [whole, places] = parts(minor, decimals);
  return places ? `${whole}.${places}` : whole;
}

/** An amount as an element; `sign` stands before what is above zero. */
export function moneyIn(cell, minor, decimals, sign = "") {
  const [whole, places] = parts(minor, decimals), shown = document.createElement("span");
  shown.className = "money";
  shown.append((/^0*$/.test(minor.replace("-", "")) || minor.startsWith("-") ? "" : sign) + whole + (places ? `.${places.slice(0, PLACES)}` : ""));
  if (places.length > PLACES) {
    const fine = document.createElement("span");
    fine.className = "fine";
    fine.textContent = places.slice(PLACES);
    shown.append(fine);
  }
  cell.append(shown);
}
