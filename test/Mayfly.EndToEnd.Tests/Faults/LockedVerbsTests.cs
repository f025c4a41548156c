namespace Mayfly.EndToEnd.Tests.Faults;

/// <summary>What a user asks of a lock and does to it: names that are nearly right, an old format, two locks beside each other.</summary>
[Collection(OnFaultGround.Name), Trait("needs", "root")]
public sealed class LockedVerbsTests(FaultGround ground) : IDisposable
{
    private string Lock => Path.Combine(ground.StackFolder, "stack.lock");

    /// <summary>A plan looks at what the host runs.</summary>
    private readonly OwnHost _host = new();

    public void Dispose()
    {
        _host.Dispose();
        File.Delete(Lock);
    }

    [Fact]
    public async Task A_name_that_is_not_quite_a_package_is_answered_by_what_may_be_meant()
    {
        (await MayflyAsync("lock")).Succeeded();

        Assert.Contains("  debconf ", (await MayflyAsync("why", "debconf:all")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Equal((await MayflyAsync("why", "dpkg")).Succeeded().Output, (await MayflyAsync("why", "dpkg:amd64")).Succeeded().Output);
        (await MayflyAsync("why", "awk")).Refused("stack.lock has no package awk", "mawk provides awk: ask for that");
        foreach (var verb in (string[])["why", "update", "licenses"])
        {
            (await MayflyAsync(verb, "dpkg:i386")).Refused("stack.lock has no package dpkg:i386", "did you mean dpkg:amd64?");
            (await MayflyAsync(verb, "debcon")).Refused("stack.lock has no package debcon", "did you mean debconf");
            (await MayflyAsync(verb, "no-such-thing")).Refused("stack.lock has no package no-such-thing", "`mayfly list` shows what it has");
        }
    }

    [Fact]
    public async Task A_lock_of_the_former_format_is_upgraded_and_keeps_versions_and_ids()
    {
        (await MayflyAsync("lock")).Succeeded();
        var now = File.ReadAllText(Lock) + "\n[ids]\nuser.\"kept\" = 987\n";
        Assert.Contains("\nformat = 2\n", now, StringComparison.Ordinal);
        File.WriteAllText(Lock, now.Replace("\nformat = 2\n", "\nformat = 1\n", StringComparison.Ordinal));

        // It can be looked at as it is.
        Assert.Contains("dpkg", (await MayflyAsync("list")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("resolve packages and write stack.lock: stack.lock is of format 1, which becomes 2 and keeps its ids", (await MayflyAsync("plan")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("stack.lock is of format 1, which becomes 2 and keeps its ids: wrote one of ", (await MayflyAsync("lock")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Equal(now, File.ReadAllText(Lock));
        Assert.Contains("stack.lock holds", (await MayflyAsync("lock")).Succeeded().Output, StringComparison.Ordinal);

        // A damaged one says what must be kept of it.
        File.WriteAllText(Lock, now.Replace("[releases]", "<<<<<<< ours", StringComparison.Ordinal));
        (await MayflyAsync("lock")).Refused("stack.lock line 5: a key is expected here", "remove all of it but format, architecture and the table [ids], whose numbers own the data on volumes");
        File.WriteAllText(Lock, "format = 2\narchitecture = \"amd64\"\n\n[ids]\nuser.\"kept\" = 987\n");
        (await MayflyAsync("lock")).Succeeded();
        Assert.Equal(now, File.ReadAllText(Lock));
    }

    [Fact]
    public async Task Two_locks_differ_in_packages_in_days_or_only_in_the_rest()
    {
        (await MayflyAsync("lock")).Succeeded();
        var other = Path.Combine(ground.NewFolder(), "stack.lock");
        async Task<string> DiffAsync(Func<string, string> change)
        {
            var text = File.ReadAllText(Lock);
            var changed = change(text);
            Assert.NotEqual(text, changed);
            File.WriteAllText(other, changed);
            return (await FaultGround.MayflyAsync(ground.Store, ground.Configuration, "diff", other, ground.StackFolder)).Succeeded().Output;
        }

        Assert.Equal("the same packages of the same days; something else differs: what is asked for, the order of installing, the ids of accounts, or where packages come from\n", await DiffAsync(static text => text + "\n[ids]\nuser.\"kept\" = 987\n"));
        Assert.Matches(@"^~ bookworm of 2001-02-03 04:05:06Z → 20\d\d-", await DiffAsync(static text => System.Text.RegularExpressions.Regex.Replace(text, @"date = ""[^""]*""", "date = \"2001-02-03T04:05:06Z\"")));
        Assert.Matches(@"^~ mawk:amd64 0\.1 → \S+\n$", await DiffAsync(static text => System.Text.RegularExpressions.Regex.Replace(text, "(\"mawk:amd64\" = { version = \")[^\"]*(\".*sha256 = \")....", "${1}0.1${2}0000")));
    }

    private Task<Ended> MayflyAsync(string verb, params string[] words) =>
        _host.RunAsync(FaultGround.Environment(ground.Store, ground.Configuration), Path.Combine(Tool.Repository, "mayfly"), [verb, ground.StackFolder, .. words]);
}
