/** The overview. */
import { testPage } from "../../testing/page-tests.ts";

testPage({ path: "/", area: "spend", title: "Overview" });
