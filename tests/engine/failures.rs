//! One broken photo does not stop the others, and nothing good is lost by it.

use crate::campaign::{Plan, names, shop};

#[test]
fn a_failure_is_collected_blocks_what_depends_on_it_and_lets_the_rest_go_on() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    campaign.write("photos/a.jpg", "BAD");
    campaign.write("photos/b.jpg", "banana");
    let built = campaign.build(&plan);
    assert_eq!(built.failures(), ["develop a: met BAD"]);
    assert!(built.told("blocked card a") && built.told("blocked story a"));
    let report = &built.report;
    assert_eq!((report.failed, report.blocked, report.ran, report.missing), (1, 2, 3, 2));
    assert_eq!(campaign.read("dist/card/a.jpg"), "card(develop(apple),card)", "the last good one stays");
    assert_eq!(campaign.read("dist/card/b.jpg"), "card(develop(banana),card)");
}

#[test]
fn a_failure_in_a_build_of_some_assets_says_nothing_of_the_others() {
    let (mut campaign, plan) = shop();
    campaign.write("photos/a.jpg", "BAD");
    campaign.options.only = Some(vec![plan.id("card a"), plan.id("card b")]);
    let built = campaign.build(&plan);
    assert_eq!(built.failures(), ["develop a: met BAD"]);
    assert_eq!((built.report.failed, built.report.blocked, built.report.missing), (1, 1, 1));
    assert!(built.events.iter().all(|event| !event.contains("story")), "{:?}", built.events);
    assert_eq!(campaign.dist().into_keys().collect::<Vec<_>>(), ["dist/card/b.jpg"]);
}

#[test]
fn the_next_build_tries_again_what_failed_and_only_that() {
    let (campaign, plan) = shop();
    campaign.write("photos/a.jpg", "BAD");
    campaign.build(&plan);
    for _ in 0..2 {
        let again = campaign.build(&plan);
        assert_eq!(again.ran, names(&["develop a"]));
        assert_eq!(again.report.failed, 1);
    }
    campaign.write("photos/a.jpg", "apricot");
    assert_eq!(campaign.build(&plan).ran, names(&["card a", "develop a", "story a"]));
    assert!(campaign.build(&plan).noop);
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn an_action_that_bears_gaps_runs_without_what_failed_and_again_with_it() {
    for keep in [true, false] {
        let (campaign, _) = shop();
        let half = |plan: Plan| if keep { plan } else { plan.transient() };
        let plan = half(Plan::default().step("a", "a", &["photos/a.jpg"], ""));
        let plan = half(plan.step("b", "b", &["photos/b.jpg"], ""));
        let plan = plan.step("best", "best", &["=a", "=b"], "dist/best.txt").bears_gaps();
        let plan = plan.step("both", "both", &["=a", "=b"], "dist/both.txt");
        campaign.write("photos/a.jpg", "BAD");
        let built = campaign.build(&plan);
        assert_eq!((built.report.failed, built.report.blocked), (1, 1));
        assert_eq!(
            campaign.read("dist/best.txt"),
            "best(,b(banana))".replace("banana", &campaign.read("photos/b.jpg"))
        );
        let again = campaign.build(&plan);
        assert_eq!(again.ran, names(&["a"]), "what was made without it still holds");
        campaign.write("photos/a.jpg", "apple");
        let built = campaign.build(&plan);
        assert_eq!(built.report.failed, 0);
        assert!(campaign.read("dist/best.txt").starts_with("best(a(apple),b("));
        assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
    }
}

#[test]
fn a_panic_is_a_failure_like_any_other() {
    let (campaign, plan) = shop();
    campaign.write("photos/a.jpg", "BOOM");
    let built = campaign.build(&plan);
    assert_eq!(built.failures(), ["develop a: develop a stopped in the middle: met BOOM"]);
    assert_eq!((built.report.ran, built.report.blocked), (3, 2));
}

#[test]
fn a_missing_file_fails_who_needs_it() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    campaign.remove("templates/card.html");
    let built = campaign.build(&plan);
    let mut failures = built.failures();
    failures.sort_unstable();
    assert_eq!(failures, ["card a: templates/card.html is not there", "card b: templates/card.html is not there"]);
    campaign.write("templates/card.html", "card");
    assert!(campaign.build(&plan).is_idle());
}

#[test]
fn what_waits_for_two_failures_is_blocked_once() {
    let (campaign, plan) = shop();
    let plan = plan.step("sheet", "sheet", &["=develop a", "=develop b", "=card a"], "dist/sheet");
    campaign.write("photos/a.jpg", "BAD");
    campaign.write("photos/b.jpg", "BAD");
    let built = campaign.build(&plan);
    assert_eq!((built.report.failed, built.report.blocked, built.report.missing), (2, 5, 5));
}

#[test]
fn a_failed_build_still_removes_what_is_stale_and_keeps_what_failed() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    campaign.write("photos/a.jpg", "BAD");
    let built = campaign.build(&plan.without("card b"));
    assert!(built.told("removed dist/card/b.jpg"));
    assert!(campaign.exists("dist/card/a.jpg"));
}

#[test]
fn parameters_without_a_json_form_fail_their_action_instead_of_sharing_a_key() {
    #[derive(serde::Serialize)]
    struct Odd(std::collections::BTreeMap<(u8, u8), u8>);
    impl softbox::engine::Action for Odd {
        type Failure = String;
        fn kind(&self) -> &'static str {
            "odd"
        }
        fn code_version(&self) -> u32 {
            1
        }
        fn run(&self, _: &softbox::engine::Work<'_>) -> Result<softbox::engine::Output<String>, String> {
            Ok(softbox::engine::Output { bytes: Vec::new().into(), keep: true, remark: None })
        }
        fn fault(&self, error: softbox::engine::EngineError) -> String {
            error.to_string()
        }
    }
    let (campaign, _) = shop();
    let mut graph = softbox::engine::Graph::default();
    let action = Odd([((1, 2), 3)].into());
    graph.add(softbox::engine::Node { name: "odd".to_owned(), action, inputs: Vec::new(), asset: None });
    let report = campaign.engine().build(&graph, &campaign.options, &mut |_| {}).unwrap();
    assert_eq!((report.failed, report.ran), (1, 0));
}

#[test]
fn an_empty_plan_builds() {
    let (campaign, _) = shop();
    assert!(campaign.build(&Plan::default()).is_idle());
    assert!(campaign.build(&Plan::default()).noop);
}
