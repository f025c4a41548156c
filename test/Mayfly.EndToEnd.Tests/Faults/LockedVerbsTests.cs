using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mayfly.Packages.Tests.Archives;

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

        // A slip of the pen needs no store and no mirror, and where those would help and are not there, the name is just as wrong.
        var alone = FaultGround.Environment(Path.Combine(ground.NewFolder(), "store"), ground.Archive.WriteConfiguration(ground.NewFolder(), new Uri("http://mirror.invalid/debian/")));
        foreach (var verb in (string[])["why", "update", "licenses"])
        {
            var slip = await MayflyAsync(alone, verb, "dpgk");
            slip.Refused("stack.lock has no package dpgk", "did you mean dpkg?");
            Assert.DoesNotContain("read package index", slip.Error, StringComparison.Ordinal);
            (await MayflyAsync(alone, verb, "no-such-thing")).Refused("stack.lock has no package no-such-thing", "`mayfly list` shows what it has");
        }
    }

    [Fact]
    public async Task A_held_package_stays_with_what_it_needs_though_the_archive_has_neither_any_more()
    {
        // A store that has seen these archives would keep them in use for the other tests: they are newer.
        var store = Path.Combine(ground.NewFolder(), "store");
        var (before, after) = (await ArchiveAsync("1.0"), await ArchiveAsync("2.0"));
        (await MayflyAsync(before, "lock")).Succeeded();
        var locked = File.ReadAllText(Lock);

        // Until the store knows what it needs nothing can be chosen beside it.
        after["HELD"] = "pair";
        (await MayflyAsync(after, "lock")).Refused("pair is held at 1.0, which neither the store nor the archive's index has any more, and what it needs must be known", "or remove .Hold(\"pair\")");
        Assert.Equal(locked, File.ReadAllText(Lock));
        (await MayflyAsync(before, "licenses", "pair")).Succeeded();
        Assert.Contains("wrote one of", (await MayflyAsync(after, "lock")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Matches("\"pair:all\" = \\{ version = \"1.0\"", File.ReadAllText(Lock));
        Assert.Matches("\"part:all\" = \\{ version = \"1.0\"", File.ReadAllText(Lock));
        Assert.Contains("stack.lock is up to date", (await MayflyAsync(after, "update")).Succeeded().Output, StringComparison.Ordinal);
        (await MayflyAsync(after, "update", "pair")).Refused("pair is held at its version", "remove .Hold(\"pair\") in stack.cs to update it");

        after.Remove("HELD");
        Assert.Matches(@"(?m)^pair:all +1\.0 → 2\.0$(.|\n)*^part:all +1\.0 → 2\.0$", (await MayflyAsync(after, "update", "--yes")).Succeeded().Output);

        async Task<Dictionary<string, string>> ArchiveAsync(string version)
        {
            var archive = new LocalArchive(Path.Combine(ground.NewFolder(), "archive")) { Key = ground.Archive.Key, Version = version };
            await archive.AddRealPackagesAsync();
            archive.Add("pair", $"Depends: part (= {version})\n", ArchiveBuilder.File("./usr/share/doc/pair/copyright", "mine"));
            archive.Add("part", entries: ArchiveBuilder.File("./usr/share/doc/part/copyright", "mine"));
            archive.Publish();
            return FaultGround.Environment(store, archive.WriteConfiguration(ground.NewFolder(), new Uri($"file://{archive.Folder}/")), ("FAULT", "hostile"), ("HOSTILE", "pair"));
        }
    }

    [Fact]
    public async Task A_lock_of_the_former_format_is_upgraded_and_keeps_versions_and_ids()
    {
        (await MayflyAsync("lock")).Succeeded();
        var now = File.ReadAllText(Lock) + "\n[ids]\nuser.\"kept\" = 987\n";
        Assert.Contains("\nformat = 9\n", now, StringComparison.Ordinal);
        File.WriteAllText(Lock, now.Replace("\nformat = 9\n", "\nformat = 6\n", StringComparison.Ordinal));

        // It can be looked at as it is.
        Assert.Contains("dpkg", (await MayflyAsync("list")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("resolve packages and write stack.lock: stack.lock is of format 6, which becomes 9 and keeps its ids", (await MayflyAsync("plan")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("stack.lock is of format 6, which becomes 9 and keeps its ids: wrote one of ", (await MayflyAsync("lock")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Equal(now, File.ReadAllText(Lock));
        Assert.Contains("stack.lock holds", (await MayflyAsync("lock")).Succeeded().Output, StringComparison.Ordinal);

        // What neither the archive nor the store has any more cannot stay, and is named.
        File.WriteAllText(Lock, Aged(now).Replace("\nformat = 9\n", "\nformat = 6\n", StringComparison.Ordinal));
        foreach (var verb in (string[])["plan", "lock"])
            Assert.Matches(@"\nnote: stack\.lock: could not keep mawk:amd64 0\.1 → \S+\n", "\n" + (await MayflyAsync(verb)).Succeeded().Error);
        Assert.Equal(now, File.ReadAllText(Lock));

        // A damaged one says what must be kept of it.
        File.WriteAllText(Lock, now.Replace("[releases]", "<<<<<<< ours", StringComparison.Ordinal));
        (await MayflyAsync("lock")).Refused("stack.lock line 5: a key is expected here", "remove all of it but format, architecture and the table [ids], whose numbers own the data on volumes");
        File.WriteAllText(Lock, "format = 9\narchitecture = \"amd64\"\n\n[ids]\nuser.\"kept\" = 987\n");
        (await MayflyAsync("lock")).Succeeded();
        Assert.Equal(now, File.ReadAllText(Lock));
    }

    [Theory]
    [InlineData("n\n", 0, "nothing was changed; `mayfly update --yes` takes it")]
    [InlineData("\n", 0, "nothing was changed; `mayfly update --yes` takes it")]
    [InlineData("\u0003", 130, "interrupted")]
    [InlineData("y\n", 0, "stack.lock is written; `mayfly up` rehearses it and goes live")]
    public async Task An_update_is_shown_and_nothing_is_touched_until_it_is_accepted(string keys, int code, string says)
    {
        (await MayflyAsync("lock")).Succeeded();
        var now = File.ReadAllText(Lock);
        var before = Aged(now);
        File.WriteAllText(Lock, before);

        // Without a terminal there is nobody to ask.
        Assert.Matches(@"^mawk:amd64  0\.1 → [1-9]\S+\n1 package would change\nnothing was changed; `mayfly update --yes` takes it\n$", (await MayflyAsync("update")).Succeeded().Output);
        Assert.Equal(before, File.ReadAllText(Lock));
        var asked = await AskedAsync(keys);
        Assert.True(asked.ExitCode == code && asked.Output.Contains(says, StringComparison.Ordinal), $"exit code {asked.ExitCode}\n{asked.Output}");
        Assert.Equal(keys == "y\n" ? now : before, File.ReadAllText(Lock));
    }

    [Fact]
    public async Task A_fix_of_the_security_suite_is_marked_in_what_would_change()
    {
        // A store that has seen these archives would keep them in use for the other tests: they are newer.
        var store = Path.Combine(ground.NewFolder(), "store");
        var archive = new LocalArchive(Path.Combine(ground.NewFolder(), "archive")) { Key = ground.Archive.Key };
        await archive.AddRealPackagesAsync();
        archive.Add("pair", entries: ArchiveBuilder.File("./usr/share/pair/text", "first"));
        archive.Publish();
        var fixes = new LocalArchive(Path.Combine(ground.NewFolder(), "fixes")) { Key = ground.Archive.Key, Suite = "bookworm-security", Version = "2.0", EditRelease = static text => text.Replace("Label: Debian\n", "Label: Debian-Security\n", StringComparison.Ordinal) };
        fixes.Publish();
        var environment = FaultGround.Environment(store, archive.WriteConfiguration(ground.NewFolder(), new Uri($"file://{archive.Folder}/"), security: $"file://{fixes.Folder}/"), ("FAULT", "hostile"), ("HOSTILE", "pair"));
        (await MayflyAsync(environment, "lock")).Succeeded();
        File.WriteAllText(Lock, Aged(File.ReadAllText(Lock)));
        fixes.Add("pair", entries: ArchiveBuilder.File("./usr/share/pair/text", "fixed"));
        fixes.Publish();

        Assert.Matches(@"^mawk:amd64  0\.1 → [1-9]\S+\npair:all    1\.0 → 2\.0  security\n2 packages would change, 1 security fix among them\nnothing was changed; `mayfly update --yes` takes it\n$", (await MayflyAsync(environment, "update")).Succeeded().Output);
        using var data = JsonDocument.Parse((await MayflyAsync(environment, "update", "--json")).Succeeded().Output);
        Assert.Equal(["mawk:amd64 False", "pair:all True"], data.RootElement.EnumerateArray().Select(static change => $"{change.GetProperty("package")} {change.GetProperty("security").GetBoolean()}"));
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
            return (await FaultGround.MayflyAsync(ground.Store, ground.Configuration, "diff", other, Path.Combine(ground.StackFolder, "stack.cs"))).Succeeded().Output;
        }

        Assert.Equal("the same packages of the same days; something else differs: what is asked for, the order of installing, the ids of accounts, or where packages come from\n", await DiffAsync(static text => text + "\n[ids]\nuser.\"kept\" = 987\n"));
        Assert.Matches(@"^~ bookworm of 2001-02-03 04:05:06Z → 20\d\d-", await DiffAsync(static text => Regex.Replace(text, @"date = ""[^""]*""", "date = \"2001-02-03T04:05:06Z\"")));
        Assert.Matches(@"^~ mawk:amd64 0\.1 → \S+\n$", await DiffAsync(Aged));
        File.Delete(Lock);
        (await FaultGround.MayflyAsync(ground.Store, ground.Configuration, "diff", Path.Combine(ground.StackFolder, "stack.cs"), other)).Refused($"there is no {Lock}", $"mayfly lock {ground.StackFolder}/stack.cs writes one");
    }

    /// <summary>A lock of a day when one package had another version.</summary>
    private static string Aged(string text) => Regex.Replace(text, "(\"mawk:amd64\" = { version = \")[^\"]*(\".*sha256 = \")....", "${1}0.1${2}0000");

    /// <summary>What <c>update</c> says on a terminal, where these keys are pressed once it asks.</summary>
    private async Task<Ended> AskedAsync(string keys)
    {
        var start = new ProcessStartInfo("script", ["--quiet", "--return", "--command", $"'{Path.Combine(Tool.Repository, "mayfly")}' update '{ground.StackFolder}'", "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in FaultGround.Environment(ground.Store, ground.Configuration))
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var said = new StringBuilder();
        var pressed = false;
        var buffer = new char[1024];
        while (await process.StandardOutput.ReadAsync(buffer) is > 0 and var count)
        {
            said.Append(buffer, 0, count);
            if (!pressed && said.ToString().Contains("[y/n]", StringComparison.Ordinal))
            {
                pressed = true;
                await process.StandardInput.WriteAsync(keys);
                await process.StandardInput.FlushAsync();
            }
        }

        await process.WaitForExitAsync();
        return new Ended(process.ExitCode, said.ToString(), "");
    }

    private Task<Ended> MayflyAsync(string verb, params string[] words) => MayflyAsync(FaultGround.Environment(ground.Store, ground.Configuration), verb, words);

    private Task<Ended> MayflyAsync(Dictionary<string, string> environment, string verb, params string[] words) =>
        _host.RunAsync(environment, Path.Combine(Tool.Repository, "mayfly"), [verb, ground.StackFolder, .. words]);
}
