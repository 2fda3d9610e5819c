import * as sensilla from "./index.workerd.js";
import { check } from "./check.js";
export default {
  test: () => check(sensilla),
};
