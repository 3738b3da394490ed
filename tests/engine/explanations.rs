//! Why an action would run, told before it does.

use std::collections::BTreeMap;

use softbox::engine::{Forecast, Verdict};

use crate::campaign::{Campaign, Plan, shop};

fn forecast(campaign: &Campaign, plan: &Plan) -> BTreeMap<String, Forecast> {
    let graph = plan.graph(&campaign.probe);
    let forecasts = campaign.engine().forecast(&graph);
    let all = forecasts.into_iter().map(|forecast| (graph.node(forecast.id).name.clone(), forecast)).collect();
    assert!(campaign.probe.take().is_empty(), "a forecast runs nothing");
    all
}

fn differences(forecast: &Forecast) -> Vec<String> {
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let told = |difference: &softbox::engine::Difference| {
        format!("{}: {} -> {}", difference.what, shown(&difference.before), shown(&difference.after))
    };
    forecast.differences.iter().map(told).collect()
}

fn short(text: &str) -> String {
    softbox::engine::Digest::of(text.as_bytes()).short()
}

#[test]
fn everything_is_new_before_the_first_build_and_up_to_date_after_it() {
    let (campaign, plan) = shop();
    let before = forecast(&campaign, &plan);
    assert!(before.values().all(|forecast| forecast.is_new));
    assert_eq!(before["develop a"].verdict, Verdict::Run);
    assert_eq!(before["card a"].verdict, Verdict::Depends);
    campaign.build(&plan);
    let after = forecast(&campaign, &plan);
    assert!(after.values().all(|forecast| forecast.verdict == Verdict::UpToDate && !forecast.is_new));
    assert!(after.values().all(|forecast| forecast.differences.is_empty() && forecast.micros.is_some()));
}

#[test]
fn a_changed_parameter_is_told_with_its_old_and_new_value() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    let other = plan.clone().edit("card a", |step| step.text = "bill".to_owned());
    let told = forecast(&campaign, &other);
    assert_eq!(told["card a"].verdict, Verdict::Run);
    assert_eq!(differences(&told["card a"]), ["text: card -> bill"]);
    assert_eq!(told["card b"].verdict, Verdict::UpToDate);
    campaign.build(&other);
    let told = forecast(&campaign, &other);
    assert_eq!(told["card a"].verdict, Verdict::UpToDate);
    assert_eq!(differences(&told["card a"]), ["text: card -> bill"], "what had changed when it ran last");
}

#[test]
fn a_changed_file_is_told_and_what_depends_on_it_waits_to_see() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    campaign.write("photos/a.jpg", "apricot");
    let told = forecast(&campaign, &plan);
    let change = format!("photos/a.jpg: {} -> {}", short("apple"), short("apricot"));
    assert_eq!(differences(&told["develop a"]), [change]);
    assert_eq!((told["develop a"].verdict, told["card a"].verdict), (Verdict::Run, Verdict::Depends));
    assert_eq!(told["card b"].verdict, Verdict::UpToDate);
}

#[test]
fn a_changed_found_file_is_told_before_and_after() {
    let campaign = Campaign::new().file("page", "@style\n@font").file("style", "red");
    let plan = Plan::default().step("page", "page", &["page"], "dist/page");
    campaign.build(&plan);
    campaign.write("style", "blue");
    campaign.write("font", "serif");
    let told = forecast(&campaign, &plan);
    assert_eq!(told["page"].verdict, Verdict::Run);
    let change = [format!("font: - -> {}", short("serif")), format!("style: {} -> {}", short("red"), short("blue"))];
    assert_eq!(differences(&told["page"]), change);
    campaign.build(&plan);
    let told = forecast(&campaign, &plan);
    assert_eq!(told["page"].verdict, Verdict::UpToDate);
    assert_eq!(differences(&told["page"]), change);
    let found: Vec<_> = told["page"].found.iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(found, ["font", "style"]);
}

#[test]
fn what_a_lost_log_told_is_not_taken_from_what_lies_in_its_place_now() {
    let campaign = Campaign::new().file("a", "apple").file("b", "berry");
    let (one, two) =
        (Plan::default().step("one", "one", &["a"], "dist/1"), Plan::default().step("two", "two", &["b"], "dist/2"));
    campaign.build(&one);
    campaign.remove(".softbox/reasons");
    campaign.build(&two);
    campaign.write("a", "apricot");
    let told = &forecast(&campaign, &one)["one"];
    assert_eq!((told.verdict, told.is_new), (Verdict::Run, false));
    assert_eq!(differences(told), Vec::<String>::new(), "nobody knows any more what it was made from");
}

#[test]
fn a_new_action_and_new_code_are_told() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    let plan = plan.step("sheet", "sheet", &["=card a"], "dist/sheet").edit("card b", |step| step.version = 2);
    let told = forecast(&campaign, &plan);
    assert!(told["sheet"].is_new && told["sheet"].verdict == Verdict::Run);
    assert_eq!(differences(&told["card b"]), ["softbox's own way to toy: version 1 -> version 2"]);
}

#[test]
fn after_a_revert_nothing_runs_and_the_old_value_comes_from_the_store() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    let other = plan.clone().edit("card a", |step| step.text = "bill".to_owned());
    campaign.build(&other);
    let told = forecast(&campaign, &plan);
    assert_eq!(told["card a"].verdict, Verdict::Restore);
    assert_eq!(differences(&told["card a"]), ["text: bill -> card"]);
    assert!(campaign.build(&plan).ran.is_empty());
}

#[test]
fn a_missing_asset_is_restored_and_runs_if_the_store_lost_it() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    campaign.remove("dist/card/a.jpg");
    assert_eq!(forecast(&campaign, &plan)["card a"].verdict, Verdict::Restore);
    std::fs::remove_dir_all(campaign.path(".softbox/store")).unwrap();
    let told = forecast(&campaign, &plan);
    assert_eq!((told["card a"].verdict, told["develop a"].verdict), (Verdict::Run, Verdict::Run));
    assert_eq!((told["card b"].verdict, told["develop b"].verdict), (Verdict::UpToDate, Verdict::UpToDate));
}

#[test]
fn what_is_not_stored_is_told_to_run_again_for_those_that_run() {
    let campaign = Campaign::new().file("photo", "apple").file("card", "1");
    let plan = Plan::default()
        .step("decode", "decode", &["photo"], "")
        .transient()
        .step("develop", "develop", &["=decode"], "")
        .transient()
        .step("card", "card", &["=develop", "card"], "dist/card");
    campaign.build(&plan);
    campaign.write("card", "2");
    let told = forecast(&campaign, &plan);
    let will_run: Vec<_> =
        told.iter().filter(|(_, forecast)| forecast.verdict == Verdict::Run).map(|(name, _)| name.clone()).collect();
    assert_eq!(will_run, campaign.build(&plan).ran);
}

#[test]
fn a_missing_file_stops_all_that_need_it() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    campaign.remove("photos/a.jpg");
    let told = forecast(&campaign, &plan);
    assert_eq!((told["develop a"].verdict, told["card a"].verdict), (Verdict::Missing, Verdict::Missing));
    assert_eq!(told["card b"].verdict, Verdict::UpToDate);
}
