/** The patterns page. */
import { testPage } from "../../testing/page-tests.ts";

testPage({ path: "/patterns", area: null, title: "Patterns", empty: "A key lets one app" });
