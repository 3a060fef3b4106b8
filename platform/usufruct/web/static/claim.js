// Claims: each button pays what its series owes the wallet.
import { acting } from "./acting.js";

acting(document.getElementById("claims"), (_, button, { data }) => [{ to: button.dataset.to, data }]);
