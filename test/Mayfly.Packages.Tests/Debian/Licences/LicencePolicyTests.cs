using Mayfly.Packages.Debian.Licences;

namespace Mayfly.Packages.Tests.Debian.Licences;

public sealed class LicencePolicyTests
{
    [Fact]
    public void Without_rules_everything_passes_and_what_is_unread_is_told()
    {
        var verdict = LicencePolicy.None.Judge(Report(Package("a", "AGPL-3"), Unread("b")));
        Assert.Empty(verdict.Refused);
        Assert.Equal("b", Assert.Single(verdict.Unread).Package.Name);
        verdict.RequireNone("shop");
    }

    [Theory]
    [InlineData("AGPL-3.0-only", "AGPL-3", true)]
    [InlineData("agpl-*", "AGPL-3", true)]
    [InlineData("AGPL-3", "AGPL-3", true)]
    [InlineData("AGPL-3.0-only", "AGPL-3+", false)]
    [InlineData("GPL-3.0-or-later", "GPL-3+ with OpenSSL exception", true)]
    [InlineData("GPL-*", "LGPL-3", false)]
    [InlineData("LicenseRef-Artistic", "Artistic", true)]
    [InlineData("Artistic", "Artistic", true)]
    // One licence that may pass is enough where one may choose.
    [InlineData("GPL-*", "GPL-2+ or Artistic", false)]
    [InlineData("GPL-*", "GPL-2+ or GPL-3", true)]
    [InlineData("GPL-*", "GPL-2+ and Artistic", true)]
    // What is unclear may mean all of it.
    [InlineData("AGPL-*", "MIT, AGPL-3", true)]
    public void A_denied_licence_is_refused(string denied, string licence, bool refused) =>
        Assert.Equal(refused, Policy(Deny(denied)).Judge(Report(Package("a", licence))).Refused.Count > 0);

    [Fact]
    public void The_closest_rule_decides()
    {
        var policy = Policy(Deny("GPL-3.0-*"), Allow("GPL-3.0-or-later WITH GCC-exception-3.1"), Allow("GPL-*"), Allow("MIT"), Deny("MIT"));
        Assert.Empty(policy.Judge(Report(Package("a", "GPL-3+ with GCC-Runtime-3.1 exception"))).Refused);
        Assert.Equal("Deny(\"GPL-3.0-*\")", Assert.Single(policy.Judge(Report(Package("a", "GPL-3+"))).Refused).Rule);
        Assert.Empty(policy.Judge(Report(Package("a", "GPL-2"))).Refused);
        Assert.Equal("Deny(\"MIT\")", Assert.Single(policy.Judge(Report(Package("a", "Expat"))).Refused).Rule);
    }

    [Fact]
    public void A_list_of_allowed_licences_refuses_others_and_what_cannot_be_read()
    {
        var verdict = Policy(Allow("ISC")).Judge(Report(Package("a", "ISC"), Package("b", "Zlib"), Unread("c")));
        Assert.Equal(["b", "c"], verdict.Refused.Select(static refusal => refusal.Package.Package.Name));
        Assert.Equal(["b"], (Policy(Allow("ISC")) with { RefusesUnread = false }).Judge(Report(Package("a", "ISC"), Package("b", "Zlib"), Unread("c"))).Refused.Select(static refusal => refusal.Package.Package.Name));
        Assert.Equal(["c"], (LicencePolicy.None with { RefusesUnread = true }).Judge(Report(Package("b", "Zlib"), Unread("c"))).Refused.Select(static refusal => refusal.Package.Package.Name));
    }

    [Fact]
    public void A_hint_is_no_verdict() => Assert.Empty(Policy(Deny("GPL-*")).Judge(Report(Unread("a") with { RefersTo = ["GPL-3"] })).Refused);

    [Fact]
    public void One_package_may_pass_for_a_reason()
    {
        var policy = Policy(Deny("AGPL-*"), Deny("SSPL-*")) with
        {
            RefusesUnread = true,
            Exceptions = [new LicenceException("a", "AGPL-3.0-only", "asked"), new LicenceException("c", null, "read by hand"), new LicenceException("gone", null, "was there once")],
        };
        var verdict = policy.Judge(Report(Package("a", "AGPL-3 and SSPL-1"), Package("b", "AGPL-3"), Unread("c")));
        Assert.Equal(["a SSPL-1.0 (SSPL-1)", "b AGPL-3.0-only (AGPL-3)"], verdict.Refused.Select(static refusal => $"{refusal.Package.Package.Name} {refusal.Licence}"));
        Assert.Equal("gone", Assert.Single(verdict.Needless).Package);
    }

    [Fact]
    public void A_refusal_names_package_licence_place_and_rule_and_the_hint_the_way_out()
    {
        var failure = Assert.Throws<MayflyException>(() => Policy(Deny("AGPL-*")).Judge(Report(Package("a", "AGPL-3"), Package("b", "ISC"))).RequireNone("shop"));
        Assert.Equal("the licence policy of shop refuses 1 package:\n  a 1.0: AGPL-3.0-only (AGPL-3) in /usr/share/doc/a/copyright line 5, for src/* and 1 more; Deny(\"AGPL-*\")", failure.Message);
        Assert.Contains("\n  a 1.0: AGPL-3.0-only (AGPL-3) in /usr/share/doc/a/copyright line 5, for src/* and 1 more; Deny(\"AGPL-*\") (and 1 more of its licences)",
            Assert.Throws<MayflyException>(() => Policy(Deny("AGPL-*")).Judge(Report(Package("a", "AGPL-3") with { Licensed = [.. Package("a", "AGPL-3").Licensed, .. Package("a", "AGPL-3+").Licensed] })).RequireNone("shop")).Message);
        Assert.Equal("do without it (`mayfly why a` shows what brings it), or allow it in stack.cs with a reason: Licences.AllowPackage(\"a\", \"AGPL-3.0-only\", because: \"…\")", failure.Hint);
        Assert.EndsWith("\n  c 1.0: its licence cannot be read: /usr/share/doc/c/copyright is free-form text, not machine-readable; RefuseUnread()",
            Assert.Throws<MayflyException>(() => new LicencePolicy { RefusesUnread = true }.Judge(Report(Unread("c"))).RequireNone("shop")).Message);
    }

    private static LicencePolicy Policy(params LicenceRule[] rules) => new() { Rules = rules };

    private static LicenceRule Deny(string licence) => new(false, licence);

    private static LicenceRule Allow(string licence) => new(true, licence);

    private static LicenceReport Report(params PackageLicences[] packages) => new(packages);

    private static PackageLicences Package(string name, string licence) => new()
    {
        Package = TemporaryStore.PackageOf(name, [1]),
        Path = $"usr/share/doc/{name}/copyright",
        Licensed = [new LicensedFiles(["src/*", "lib/*"], LicenceExpression.Parse(licence), 5)],
    };

    private static PackageLicences Unread(string name) => new() { Package = TemporaryStore.PackageOf(name, [1]), Path = $"usr/share/doc/{name}/copyright", Unread = ["is free-form text, not machine-readable"] };
}
