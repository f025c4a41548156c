using System.Formats.Tar;
using Mayfly.Environments.Tests;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Locking;

namespace Mayfly.Packages.Tests.Python;

// Repositories of git: locked by commit, and by the digest of that commit's files, which another host has the same of.
public sealed partial class OwnDistributionsTests
{
    private string Work => $"{_folder.FullName}/work";

    private ServedRepository Served => Named("work");

    private ServedRepository Named(string name) => new(Work, _server, $"t0ken-of-nobody/{name}.git");

    private string Repository => $"git+{_server.Address.AbsoluteUri.Replace("http://", "http://joe:sw0rdfish@", StringComparison.Ordinal)}${{OWN_TEST_TOKEN}}/work.git";

    [Fact]
    [Trait("needs", "oracle")]
    public async Task A_repository_is_locked_by_commit_and_by_the_digest_of_its_files()
    {
        _server.Authorization = null;
        SourceProject.Folder(Work, new Dictionary<string, string>
        {
            ["pyproject.toml"] = "[project]\nname = 'work'\nversion = '1.0'\n",
            ["python/deep/pyproject.toml"] = "[project]\nname = 'deep'\nversion = '4.0'\n",
            [".env"] = "kept as it is\n",
            [".git_archival.txt"] = "describe-name: $Format:%(describe:tags=true)$\n",
        });
        Served.Begin();
        Served.Commit("one");
        Served.Git("tag", "v1.0");
        File.WriteAllText($"{Work}/later.py", "");
        var first = Served.Commit("two");
        Served.Publish();
        var request = Request($"{Repository}\ndeep @ {Repository}@main#subdirectory=python/deep\n") with { Builds = BuildPermission.Parse("work,deep") };
        var builds = new FolderBuilds(_store.Store);
        var locked = await ChooseAsync(_store.Store, request, [], [], builds);
        var from = $"git+{_server.Address}${{OWN_TEST_TOKEN}}/work.git";
        Assert.Equal([("deep-4.0-py3-none-any.whl", $"{from}@main", "python/deep"), ("work-1.0-py3-none-any.whl", from, null)], locked.Wheels.Select(static wheel => (wheel.File, wheel.From!, wheel.Source!.Subdirectory)));
        Assert.All(locked.Wheels, wheel => Assert.Equal(("repository", "work.tar", first, $"v1.0-1-g{first[..12]}"), (wheel.Index, wheel.Source!.File, wheel.Source.Commit, wheel.Source.Tag)));
        Assert.Equal([$"work @ {from}", $"deep @ {from}@main#subdirectory=python/deep"], locked.Requests);

        // The files alone, all of them, and what tells of the tags.
        var files = Entries(_store.Store.PathOf(StoreArea.Artifacts, locked.Wheels[0].Source!.Sha256));
        Assert.Equal(["work/.env", "work/.git_archival.txt", "work/later.py", "work/pyproject.toml", "work/python/deep/pyproject.toml"], files.Keys.Order(StringComparer.Ordinal));
        Assert.Matches($"^node: {first}\nnode-date: [0-9T:+Z-]+\ndescribe-name: v1\\.0-1-g{first[..12]}\n$", files["work/.git_archival.txt"]);

        var stack = Lock() with { Environments = [locked] };
        var text = LockFile.Format(stack);
        Assert.All([_folder.FullName, "sw0rdfish", "joe", "t0ken-of-nobody"], secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        Assert.Equal(text, LockFile.Format(LockFile.Parse(text)));

        // Whatever becomes of branch and tags, it is what it was, until it is updated; and nobody is asked.
        File.WriteAllText($"{Work}/pyproject.toml", "[project]\nname = 'work'\nversion = '2.0'\n");
        var second = Served.Commit("three");
        Served.Git("tag", "v9.0", first);
        Served.Publish();
        _server.Requests.Clear();
        Assert.Same(locked, Find(stack, request));
        var more = Request($"{Repository}\ndeep @ {Repository}@main#subdirectory=python/deep\n./libs/util\n") with { Builds = request.Builds };
        Assert.Equal(locked.Wheels.Select(static wheel => wheel.Sha256), (await ChooseAsync(_store.Store, more, locked.Wheels, [], builds)).Wheels.Where(static wheel => wheel.Index == "repository").Select(static wheel => wheel.Sha256));
        Assert.Empty(_server.Requests);

        // Another host has the lock alone.
        request = Request($"{Repository}\ndeep @ {Repository}@main#subdirectory=python/deep\n") with { Builds = request.Builds };
        using var other = new TemporaryStore();
        var requested = request.Read();
        await new OwnDistributions(other.Store, Stack).BringAsync(locked.Wheels, requested.Addresses, null, TestContext.Current.CancellationToken);
        Assert.All(locked.Wheels, wheel => Assert.True(other.Store.Has(StoreArea.Artifacts, wheel.Source!.Sha256)));
        using var third = new TemporaryStore();
        var again = await ChooseAsync(third.Store, request, locked.Wheels, []);
        Assert.Equal(text, LockFile.Format(stack with { Environments = [again] }));

        var updated = await ChooseAsync(_store.Store, request, [.. locked.Wheels.Where(static wheel => wheel.ReadName().Project.Text == "deep")], [], builds);
        Assert.Equal([("deep-4.0-py3-none-any.whl", first), ("work-2.0-py3-none-any.whl", second)], updated.Wheels.Select(static wheel => (wheel.File, wheel.Source!.Commit!)));
        Assert.Equal($"v9.0-1-g{second[..12]}", updated.Wheels[1].Source!.Tag);

        // What is not what the lock says is nobody's, and a lock cannot say anything.
        using var fourth = new TemporaryStore();
        var failure = await Assert.ThrowsAsync<MayflyException>(() => new OwnDistributions(fourth.Store, Stack).BringAsync([locked.Wheels[1] with { Source = locked.Wheels[1].Source! with { Sha256 = new string('0', 64) } }], requested.Addresses));
        Assert.Equal($"the files of {from}, commit {first}, are others than those that stack.lock has of work", failure.Message);
        foreach (var (one, wrong) in ((string, string)[])[
            ($"commit = \"{first}\"", "commit = \"main\""), ($"commit = \"{first}\", ", ""), ("index = \"repository\"", "index = \"address\""), ($"from = \"{from}\"", "from = \"git+ext::sh -c x\""), ($"from = \"{from}\"", "from = \"git+file:///etc\""), ($"from = \"{from}\"", "from = \"git+ssh://x/y@--upload-pack=x\"")])
            Assert.True(text.Contains(one, StringComparison.Ordinal) && Assert.ThrowsAny<MayflyException>(() => LockFile.Parse(text.Replace(one, wrong, StringComparison.Ordinal))).Message.Length > 0, wrong);
    }

    [Fact]
    [Trait("needs", "oracle")]
    public async Task What_no_other_host_has_and_what_is_not_permitted_is_told()
    {
        _server.Authorization = null;
        SourceProject.Folder(Work, new Dictionary<string, string> { ["pyproject.toml"] = "[project]\nname = 'work'\nversion = '1.0'\n" });
        Served.Begin();
        Served.Commit("one");
        Served.Publish();
        foreach (var (line, message) in ((string, string)[])[
            ($"git+file://{Work}", $"git+file://{Work} is a repository of this host, and a lock is for all"),
            ($"work @ {Repository}@nosuch", "has no revision nosuch"),
            ($"work @ {Repository}", "work.tar is sources, from which nothing is built without permission"),
            ($"-e {Repository}", "cannot be used where it is"),
        ])
        {
            var failure = await Assert.ThrowsAnyAsync<MayflyException>(() => ChooseAsync(_store.Store, Request($"{line}\n"), [], []));
            Assert.Contains(message, failure.Message, StringComparison.Ordinal);
            Assert.NotNull(failure.Hint);
            // In the words of a stack's script, and with the line where it is one's fault.
            Assert.DoesNotContain("--allow-build", failure.Hint, StringComparison.Ordinal);
            Assert.True(failure.Message.StartsWith($"{Stack}/requirements.txt:1: ", StringComparison.Ordinal) || failure.Hint.Contains("permit it with .Pip(\"requirements.txt\", into: \"/srv/env\", allowBuild: [\"work\"])", StringComparison.Ordinal));
            Assert.DoesNotContain("sw0rdfish", $"{failure.Message}{failure.Hint}", StringComparison.Ordinal);
        }

        // Without a tag nothing is said of one.
        var locked = await ChooseAsync(_store.Store, Request($"work @ {Repository}\n") with { Builds = BuildPermission.Parse("work") }, [], []);
        Assert.Null(Assert.Single(locked.Wheels).Source!.Tag);
        Assert.Matches("^node: [0-9a-f]{40}\nnode-date: [0-9T:+Z-]+\n$", Entries(_store.Store.PathOf(StoreArea.Artifacts, locked.Wheels[0].Source!.Sha256))["work/.git_archival.txt"]);
        // A package may not lead there.
        WheelFile.Write($"{Stack}/vendor", "leading", "1.0", new Dictionary<string, byte[]>(), $"Requires-Dist: work @ {Repository.Replace("${OWN_TEST_TOKEN}", "t0ken-of-nobody", StringComparison.Ordinal)}\n");
        var led = await Assert.ThrowsAnyAsync<MayflyException>(() => ChooseAsync(_store.Store, Request("./vendor/leading-1.0-py3-none-any.whl\n") with { Builds = BuildPermission.Parse("work") }, [], []));
        Assert.Contains("is a repository that a package in", led.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("needs", "oracle")]
    public async Task Odd_revisions_names_and_settings_of_the_user_are_the_same_in_every_lock()
    {
        _server.Authorization = null;
        SourceProject.Folder(Work, new Dictionary<string, string> { ["pyproject.toml"] = "[project]\nname = 'work'\nversion = '1.0'\n[project.optional-dependencies]\na = []\nb = []\n", ["text.txt"] = "one\ntwo\n", [".gitattributes"] = "*.txt text\n" });
        File.CreateSymbolicLink($"{Work}/link", "text.txt");
        Served.Begin();
        var commit = Served.Commit("one");
        Served.Git("branch", "fix/#12");
        Served.Git("branch", "feat@2");
        Served.Git("branch", "b-of-nobody");
        Served.Git("-c", "user.name=x", "-c", "user.email=x@y", "tag", "--annotate", "--message=told", "v1.0");
        var tag = Served.Git("rev-parse", "v1.0").Trim();
        Served.Publish();
        Named("s3cret-name").Publish();
        Environment.SetEnvironmentVariable("OWN_TEST_BRANCH", "b-of-nobody");
        Environment.SetEnvironmentVariable("OWN_TEST_NAME", "s3cret-name");
        var permitted = BuildPermission.Parse("work");
        var plain = await ChooseAsync(_store.Store, Request($"work @ {Repository}\n") with { Builds = permitted }, [], []);
        var digest = plain.Wheels[0].Source!.Sha256;
        Assert.Matches("\nnode-date: [0-9]{4}-[0-9-]{5}T[0-9:]{8}\\+00:00\n", Entries(_store.Store.PathOf(StoreArea.Artifacts, digest))["work/.git_archival.txt"]);
        foreach (var (written, from) in ((string, string)[])[
            ($"{Repository}@fix/%2312", "work.git@fix/%2312"), ($"{Repository}@feat%402", "work.git@feat%402"), ($"{Repository}@${{OWN_TEST_BRANCH}}", "work.git@${OWN_TEST_BRANCH}"), ($"{Repository}@{tag}", $"work.git@{tag}"),
            ($"{Repository[..Repository.LastIndexOf('/')]}/${{OWN_TEST_NAME}}.git", "${OWN_TEST_NAME}.git")])
        {
            var request = Request($"work @ {written}\n") with { Builds = permitted };
            var wheel = Assert.Single((await ChooseAsync(_store.Store, request, [], [])).Wheels);
            Assert.Equal(($"git+{_server.Address}${{OWN_TEST_TOKEN}}/{from}", commit), (wheel.From, wheel.Source!.Commit));
            var stack = Lock() with { Environments = [plain with { Wheels = [wheel] }] };
            Assert.All(["b-of-nobody", "s3cret-name"], secret => Assert.DoesNotContain(secret, LockFile.Format(stack), StringComparison.Ordinal));
            Assert.Equal(LockFile.Format(stack), LockFile.Format(LockFile.Parse(LockFile.Format(stack))));
            if (!from.StartsWith('$'))
                Assert.Equal(digest, wheel.Source.Sha256);
            using var other = new TemporaryStore();
            await new OwnDistributions(other.Store, Stack).BringAsync([wheel], request.Read().Addresses, null, TestContext.Current.CancellationToken);
        }

        // In several lines it is one thing, and what does not count is not asked for.
        var lines = Request($"work[a] @ {Repository}\nwork[b] @ {Repository}\nother @ git+file:///nowhere ; python_version < '3'\n-c limits.txt\n") with { Builds = permitted };
        File.WriteAllText($"{Stack}/limits.txt", $"work @ {Repository}\n");
        Assert.Equal(digest, Assert.Single((await ChooseAsync(_store.Store, lines, [], [])).Wheels).Source!.Sha256);
        Assert.Contains("is a repository, of which nobody can say a digest", (await Assert.ThrowsAnyAsync<MayflyException>(() => ChooseAsync(_store.Store, Request($"work @ {Repository}\nfar==1.0 --hash=sha256:{new string('0', 64)}\n") with { Builds = permitted }, [], []))).Message, StringComparison.Ordinal);

        // What a user may have told git changes nothing.
        (string, string)[] settings = [("core.autocrlf", "true"), ("core.eol", "crlf"), ("core.symlinks", "false"), ("log.showSignature", "true"), ("log.date", "relative"), ("core.abbrev", "7")];
        Environment.SetEnvironmentVariable("GIT_CONFIG_COUNT", $"{settings.Length}");
        try
        {
            foreach (var (number, (name, value)) in settings.Index())
            {
                Environment.SetEnvironmentVariable($"GIT_CONFIG_KEY_{number}", name);
                Environment.SetEnvironmentVariable($"GIT_CONFIG_VALUE_{number}", value);
            }

            using var other = new TemporaryStore();
            Assert.Equal(digest, Assert.Single((await ChooseAsync(other.Store, Request($"work @ {Repository}\n") with { Builds = permitted }, [], [])).Wheels).Source!.Sha256);
        }
        finally
        {
            Environment.SetEnvironmentVariable("GIT_CONFIG_COUNT", null);
        }
    }

    [Fact]
    [Trait("needs", "oracle")]
    public async Task Submodules_come_along_and_links_lead_nowhere()
    {
        _server.Authorization = null;
        // What a link in the repository leads to is this host's, and stays as it is.
        SourceProject.Folder($"{_folder.FullName}/host", new Dictionary<string, string> { [".git/config"] = "[remote]\n\turl = x\n", ["kept.txt"] = "" });
        SourceProject.Folder(Work, new Dictionary<string, string> { ["inner.py"] = "inner = True\n" });
        Served.Begin();
        Served.Commit("inner");
        Named("inner").Publish();
        Directory.Delete(Work, recursive: true);
        SourceProject.Folder(Work, new Dictionary<string, string> { ["pyproject.toml"] = "[project]\nname = 'work'\nversion = '1.0'\n", [".git_archival.txt/odd"] = "" });
        File.CreateSymbolicLink($"{Work}/lead", $"{_folder.FullName}/host");
        Served.Begin();
        Served.Git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", $"{_server.Address}t0ken-of-nobody/inner.git", "inner");
        Served.Git("config", "--file=.gitmodules", "submodule.inner.url", "../inner.git");
        Served.Commit("one");
        Served.Publish();
        var request = Request($"work @ {Repository}\n") with { Builds = BuildPermission.Parse("work") };
        Assert.Contains("work/lead", (await Assert.ThrowsAnyAsync<MayflyException>(() => ChooseAsync(_store.Store, request, [], []))).Message, StringComparison.Ordinal);
        File.Delete($"{Work}/lead");
        File.CreateSymbolicLink($"{Work}/lead", "pyproject.toml");
        Served.Commit("two");
        Served.Publish();
        var locked = await ChooseAsync(_store.Store, request, [], []);
        var files = Entries(_store.Store.PathOf(StoreArea.Artifacts, Assert.Single(locked.Wheels).Source!.Sha256));
        Assert.Equal(["work/.git_archival.txt", "work/.gitmodules", "work/inner/inner.py", "work/lead", "work/pyproject.toml"], files.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("[remote]\n\turl = x\n", await File.ReadAllTextAsync($"{_folder.FullName}/host/.git/config", TestContext.Current.CancellationToken));
    }

    private static Dictionary<string, string> Entries(string archive)
    {
        var found = new Dictionary<string, string>();
        using var tar = new TarReader(File.OpenRead(archive));
        while (tar.GetNextEntry() is { } entry)
        {
            using var reader = entry.DataStream is { } data ? new StreamReader(data) : null;
            found.Add(entry.Name.TrimEnd('/'), reader?.ReadToEnd() ?? "");
        }

        return found;
    }
}
