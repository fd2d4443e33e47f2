/** The Health page. */
import { testPage } from "../../testing/page-tests.ts";

testPage({ path: "/health", area: "health", title: "Health", empty: "Everything works." });
