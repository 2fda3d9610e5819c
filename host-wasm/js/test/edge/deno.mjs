import * as sensilla from "sensilla";
import { check } from "./check.js";
await check(sensilla);
