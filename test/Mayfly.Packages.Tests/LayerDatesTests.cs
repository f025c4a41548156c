using Mayfly.Packages.Debian;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.Packages.Tests;

/// <summary>The archive's date moves several times a day; a layer's only when something in it does.</summary>
public sealed class LayerDatesTests
{
    private const string Stanzas = "Package: e\nEssential: yes\n\nPackage: www\nDepends: lib\n\nPackage: lib\n\nPackage: more\n\nPackage: cache\nDepends: lib\n\nPackage: tool\n";

    private static readonly SetRequest Tools = new("tools", ["tool"]) { OverBase = false };

    private static readonly SetRequest[] Sets = [new("cache", ["cache"]), Tools, new("www", ["www"])];

    private static readonly SetRequest[] Grown = [new("cache", ["cache"]), Tools, new("www", ["more", "www"])];

    [Fact]
    public void A_package_more_on_a_later_day_leaves_the_older_layers_their_date()
    {
        var first = DebianLock.Create(Index(1), Sets);
        Assert.Equal(["base 1", "cache 1", "tools 1", "www 1"], Dates(first));
        Assert.DoesNotContain("dated", LockFile.Format(first), StringComparison.Ordinal);

        var second = Read(DebianLock.Create(Index(2), Grown, before: first));
        Assert.Equal(["base 1", "cache 1", "tools 2", "www 1", "www 2"], Dates(second));
        // A date that is the releases' own is not said.
        Assert.Equal(3, LockFile.Format(second).Split("\"dated 1970-01-02T00:00:00Z\"").Length - 1);

        // Once more, nothing but the day has moved; and then there is a component like another one.
        var third = Read(DebianLock.Create(Index(3), Grown, before: second));
        Assert.Equal(["base 1", "cache 1", "tools 3", "www 1", "www 2"], Dates(third));
        var fourth = Read(DebianLock.Create(Index(4), [.. Grown, new("cache2", ["cache"])], before: third));
        Assert.Equal(["base 1", "cache 1", "cache2 1", "tools 4", "www 1", "www 2"], Dates(fourth));
        // A lock without an older one knows only the day it is made on.
        Assert.All(Dates(DebianLock.Create(Index(3), Grown)), static date => Assert.EndsWith(" 3", date, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Package: more\n", "base 1, cache 1, tools 3, www 1, www 3")]
    [InlineData("Package: lib\n", "base 1, cache 3, tools 3, www 3")]
    [InlineData("Package: tool\n", "base 1, cache 1, tools 3, www 1, www 2")]
    [InlineData("Package: e\n", "base 3, cache 3, tools 3, www 3")]
    public void A_newer_package_moves_the_date_of_its_layers_and_of_those_over_it(string changed, string dates)
    {
        var before = DebianLock.Create(Index(2), Grown, before: DebianLock.Create(Index(1), Sets));
        var updated = Read(DebianLock.Create(Index(3, Stanzas.Replace(changed, $"{changed.TrimEnd()}\nVersion: 2\n", StringComparison.Ordinal)), Grown, before: before));
        Assert.Equal(dates, string.Join(", ", Dates(updated)));
    }

    [Fact]
    public void What_is_installed_before_the_first_new_package_keeps_its_date()
    {
        // A package that another pre-depends on is configured in a stage before that one.
        const string Staged = "Package: e\nEssential: yes\n\nPackage: low\n\nPackage: www\nPre-Depends: low\n\nPackage: app\nDepends: www\n\nPackage: other\nDepends: www\n";
        var first = DebianLock.Create(Index(1, Staged), [new("a", ["app"])]);
        Assert.Equal(["low:amd64", "app:amd64 www:amd64"], first.Sets[1].Stages.Select(stage => string.Join(' ', stage.Packages.Order(StringComparer.Ordinal))));
        Assert.Equal(["a 1 1"], Stages(first));
        var second = Read(DebianLock.Create(Index(2, Staged.Replace("Package: app\n", "Package: app\nVersion: 2\n", StringComparison.Ordinal)), [new("a", ["app"]), new("b", ["other"])], before: first));
        Assert.Equal(["a 1 2", "b 1 2"], Stages(second));
        var third = Read(DebianLock.Create(Index(3, Staged.Replace("Package: app\n", "Package: app\nVersion: 2\n", StringComparison.Ordinal)), [new("a", ["app"]), new("b", ["other"])], before: second));
        Assert.Equal(["a 1 2", "b 1 2"], Stages(third));
        Assert.Equal(LockFile.Format(third), LockFile.Format(Read(third)));
        var fourth = Read(DebianLock.Create(Index(4, Staged.Replace("Package: low\n", "Package: low\nVersion: 2\n", StringComparison.Ordinal)), [new("a", ["app"])], before: third));
        Assert.Equal(["a 4 4"], Stages(fourth));

        static IEnumerable<string> Stages(StackLock stack) => stack.Sets.Skip(1).SelectMany(set => LockedLayer.Of(set)
            .Select(layer => $"{set.Name} {string.Join(' ', layer.DatesIn(stack).Select(static date => (date - DateTimeOffset.UnixEpoch).TotalDays))}"));
    }

    [Fact]
    public void A_package_that_is_no_longer_asked_for_leaves_the_layers_below_it()
    {
        var first = DebianLock.Create(Index(1), Sets);
        var grown = DebianLock.Create(Index(2), Grown, before: first);
        Assert.Equal(["base 1", "cache 1", "tools 3", "www 1"], Dates(Read(DebianLock.Create(Index(3), Sets, before: grown))));
    }

    [Fact]
    public void An_archive_that_went_back_dates_nothing_after_itself()
    {
        var later = DebianLock.Create(Index(3), Sets);
        Assert.Equal(["base 2", "cache 2", "tools 2", "www 2"], Dates(DebianLock.Create(Index(2), Sets, before: later)));
    }

    [Fact]
    public void A_base_that_stays_keeps_the_order_that_it_was_locked_in()
    {
        const string Two = "Package: e\nEssential: yes\n\nPackage: f\nEssential: yes\n\nPackage: www";
        SetRequest[] sets = [new("www", ["www"])];
        var before = DebianLock.Create(Index(1, Two), sets);
        before = before with { Sets = [before.Sets[0] with { Stages = [new LockedStage([.. before.Sets[0].Stages[0].Packages.Reverse()])] }, .. before.Sets.Skip(1)] };
        var after = DebianLock.Create(Index(2, Two), sets, before: before);
        Assert.Equal(["f:amd64", "e:amd64"], after.Sets[0].Stages[0].Packages);
        Assert.Equal(["base 1", "www 1"], Dates(after));
    }

    private static StackLock Read(StackLock stack) => LockFile.Parse(LockFile.Format(stack));

    private static IEnumerable<string> Dates(StackLock stack) =>
        stack.Sets.SelectMany(set => LockedLayer.Of(set).Select(layer => $"{set.Name} {(layer.DateIn(stack) - DateTimeOffset.UnixEpoch).TotalDays}"));

    private static DebianIndex Index(int day, string stanzas = Stanzas)
        => StanzaIndex.Of(stanzas, DateTimeOffset.UnixEpoch.AddDays(day));
}
