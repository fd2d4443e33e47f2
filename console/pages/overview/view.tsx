/** The overview. */
import { PageHead } from "../../components/head.tsx";

export function overviewView() {
  return <PageHead title="Overview" lead="What was spent, and by whom." />;
}
