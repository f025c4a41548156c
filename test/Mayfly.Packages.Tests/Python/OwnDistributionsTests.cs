using System.Text;
using System.Text.RegularExpressions;
using Mayfly.Environments.Tests;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Locking;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.Packages.Tests.Python;

/// <summary>Folders, files and addresses in the place of a version, locked for an image.</summary>
public sealed partial class OwnDistributionsTests : IDisposable
{
    private static readonly Lazy<string> Packages = new(new string('a', 64));

    private readonly TemporaryStore _store = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-own-");
    private readonly FaultyServer _server = new() { ContentType = "application/octet-stream", Authorization = $"Basic {Convert.ToBase64String("joe:sw0rdfish"u8)}" };

    public OwnDistributionsTests()
    {
        Environment.SetEnvironmentVariable("OWN_TEST_TOKEN", "t0ken-of-nobody");
        foreach (var (name, version) in new[] { ("util", "1.0"), ("other", "2.0") })
            SourceProject.Folder($"{Stack}/libs/{name}", new Dictionary<string, string> { ["pyproject.toml"] = $"[project]\nname = '{name}'\nversion = '{version}'\n[project.optional-dependencies]\nfast = ['far']\n" });
        SourceProject.Folder($"{Stack}/libs/legacy", new Dictionary<string, string> { ["setup.py"] = "from setuptools import setup\nsetup(name='older', version='3.0')\n" });
        SourceProject.Folder($"{Stack}/repository", new Dictionary<string, string> { ["python/deep/pyproject.toml"] = "[project]\nname = 'deep'\nversion = '4.0'\n" });
        Directory.CreateDirectory($"{Stack}/vendor");
        WheelFile.Write($"{Stack}/vendor", "vendored", "1.0", new Dictionary<string, byte[]>(), "");
        _server.Files["t0ken-of-nobody/far-1.0-py3-none-any.whl"] = File.ReadAllBytes(WheelFile.Write(_folder.FullName, "far", "1.0", new Dictionary<string, byte[]>(), "Requires-Dist: vendored\n"));
    }

    private string Stack => $"{_folder.FullName}/stack";

    private string Far => $"{_server.Address.AbsoluteUri.Replace("http://", "http://joe:sw0rdfish@", StringComparison.Ordinal)}${{OWN_TEST_TOKEN}}/far-1.0-py3-none-any.whl";

    public void Dispose()
    {
        _server.Dispose();
        _store.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task They_are_locked_by_where_they_are_and_by_digest_and_brought_elsewhere()
    {
        var request = Request($"./libs/util\n-e ./libs/other[fast]\n./libs/legacy ; python_version > '3'\ndeep @ {DirectReference.OfPath(Stack)}/repository#subdirectory=python/deep\n./vendor/vendored-1.0-py3-none-any.whl\nfar @ {Far}\n");
        var said = new List<string>();
        var locked = await ChooseAsync(_store.Store, request, [], said);
        Assert.Equal(
        [
            ("deep-4.0-py3-none-any.whl", "folder", "./repository", "repository.tar", "python/deep"),
            ("far-1.0-py3-none-any.whl", "address", $"{_server.Address}${{OWN_TEST_TOKEN}}/far-1.0-py3-none-any.whl", null, null),
            ("older-3.0-py3-none-any.whl", "folder", "./libs/legacy", "legacy.tar", null),
            ("other-2.0-py3-none-any.whl", "folder", "./libs/other", "other.tar", null),
            ("util-1.0-py3-none-any.whl", "folder", "./libs/util", "util.tar", null),
            ("vendored-1.0-py3-none-any.whl", "file", "./vendor/vendored-1.0-py3-none-any.whl", null, null),
        ], locked.Wheels.Select(static wheel => (wheel.File, wheel.Index, wheel.From!, wheel.Source?.File, wheel.Source?.Subdirectory)));
        Assert.Equal(["util @ file:///${PROJECT_ROOT}/libs/util", "other[fast] @ file:///${PROJECT_ROOT}/libs/other", "older @ file:///${PROJECT_ROOT}/libs/legacy ; python_version > \"3\"", "deep @ file:///${PROJECT_ROOT}/repository#subdirectory=python/deep", "vendored @ file:///${PROJECT_ROOT}/vendor/vendored-1.0-py3-none-any.whl", $"far @ {_server.Address}${{OWN_TEST_TOKEN}}/far-1.0-py3-none-any.whl"], locked.Requests);
        Assert.Equal("note: requirements.txt: -e ./libs/other[fast]: an image has nothing of this host's folder, and gets a copy", Assert.Single(said));

        // Where the stack lies, names, passwords and what stood for them are in no lock; and it can be read back.
        var stack = Lock() with { Environments = [locked] };
        var text = LockFile.Format(stack);
        Assert.All([_folder.FullName, "sw0rdfish", "joe", "t0ken-of-nobody"], secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        Assert.Equal(text, LockFile.Format(LockFile.Parse(text)));
        Assert.All(locked.Requests, static line => DependencySpecifier.Parse(line));
        // An archive of somebody's folder is not for everybody who may read the store.
        Assert.All(locked.Wheels.Where(static wheel => wheel.Index == "folder"), wheel => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_store.Store.PathOf(StoreArea.Artifacts, wheel.Source!.Sha256))));

        // As long as nobody touches them they hold; what tools leave there is nothing.
        SourceProject.Folder($"{Stack}/libs/util", new Dictionary<string, string> { ["__pycache__/x.pyc"] = "" });
        Assert.Same(locked, Find(stack, request));
        // Somebody's own folder is built without being named, and another lock's is not.
        Assert.Null(Find(stack with { Environments = [locked with { Wheels = [.. locked.Wheels.Select(static wheel => wheel.Index == "folder" ? wheel with { From = "./libs" } : wheel)] }] }, request));

        // Another host, and another place.
        var other = _folder.CreateSubdirectory("clone");
        Directory.Move(Stack, $"{other.FullName}/stack");
        using var store = new TemporaryStore();
        request = request with { File = $"{other.FullName}/stack/requirements.txt", Folder = $"{other.FullName}/stack" };
        File.WriteAllText(request.File, File.ReadAllText(request.File).Replace(DirectReference.OfPath(Stack), DirectReference.OfPath(request.Folder), StringComparison.Ordinal));
        var moved = await ChooseAsync(store.Store, request, locked.Wheels, []);
        Assert.Equal(LockFile.Format(stack), LockFile.Format(stack with { Environments = [moved with { Answers = locked.Answers }] }));

        using var third = new TemporaryStore();
        var own = new OwnDistributions(third.Store, request.Folder);
        var requested = request.Read();
        var nobody = await Assert.ThrowsAsync<MayflyException>(() => WheelFetch.AllAsync(third.Store, new PythonSources(), moved.Wheels, requested.Addresses));
        Assert.Equal("./repository, from which stack.lock has deep, lies beside the stack, and this host has not taken it from there", nobody.Message);
        await own.BringAsync(moved.Wheels, null, null, TestContext.Current.CancellationToken);
        await WheelFetch.AllAsync(third.Store, new PythonSources(), moved.Wheels, requested.Addresses);
        Assert.All(moved.Wheels, wheel => Assert.True(third.Store.Has(StoreArea.Artifacts, wheel.Fetched.Sha256)));
        var unpermitted = await Assert.ThrowsAsync<MayflyException>(() => LockedBuilds.AllAsync(third.Store, moved.Wheels, BuildPermission.None, new FolderBuilds(third.Store), TestContext.Current.CancellationToken));
        Assert.Equal("stack.lock has repository.tar, and nothing of deep may be built", unpermitted.Message);
        await LockedBuilds.AllAsync(third.Store, moved.Wheels, own.PermissionOf(requested.Requirements, moved.Wheels), new FolderBuilds(third.Store), TestContext.Current.CancellationToken);
        Assert.All(moved.Wheels, wheel => Assert.True(WheelFetch.IsThere(third.Store, wheel)));
    }

    [Fact]
    public async Task What_changes_is_chosen_anew_and_nothing_else_is_built()
    {
        var request = Request("./libs/util\n./libs/other\n");
        var builds = new FolderBuilds(_store.Store);
        var locked = await ChooseAsync(_store.Store, request, [], [], builds);
        Assert.Equal(["other.tar", "util.tar"], builds.Made.Order());
        builds.Made.Clear();
        File.WriteAllText($"{Stack}/libs/util/pyproject.toml", "[project]\nname = 'util'\nversion = '1.1'\n");
        var stack = Lock() with { Environments = [locked] };
        Assert.Null(Find(stack, request));
        var notes = new List<string>();
        var changed = await ChooseAsync(_store.Store, request, locked.Wheels, notes, builds);
        Assert.Equal(["other-2.0-py3-none-any.whl", "util-1.1-py3-none-any.whl"], changed.Wheels.Select(static wheel => wheel.File));
        Assert.Equal(["util.tar"], builds.Made);
        Assert.Empty(notes);

        // A lock is not made anew where it is only to be carried out.
        using var other = new TemporaryStore();
        var failure = await Assert.ThrowsAsync<MayflyException>(() => new OwnDistributions(other.Store, Stack).BringAsync(locked.Wheels, null));
        Assert.Equal(("./libs/util is not what stack.lock has of util", "`mayfly lock` takes it as it is now"), (failure.Message, failure.Hint));
        Directory.Delete($"{Stack}/libs/util", recursive: true);
        failure = await Assert.ThrowsAsync<MayflyException>(() => new OwnDistributions(other.Store, Stack).BringAsync(locked.Wheels, null));
        Assert.Equal(("there is no ./libs/util, from which stack.lock has util", $"paths are meant from {Stack}"), (failure.Message, failure.Hint));
        failure = await Assert.ThrowsAsync<MayflyException>(() => ChooseAsync(_store.Store, request, locked.Wheels, []));
        Assert.Equal(($"{request.File}:1: there is no file or folder ./libs/util", $"paths are meant from {Stack}"), (failure.Message, failure.Hint));
    }

    [Fact]
    public async Task What_an_address_gave_stays_until_it_is_updated()
    {
        var locked = await ChooseAsync(_store.Store, Request($"far @ {Far}\n./vendor/vendored-1.0-py3-none-any.whl\n"), [], []);
        _server.Files["t0ken-of-nobody/far-1.0-py3-none-any.whl"] = File.ReadAllBytes(WheelFile.Write(_folder.FullName, "far", "1.0", new Dictionary<string, byte[]> { ["far.py"] = [] }, ""));
        _server.Requests.Clear();
        var more = Request($"far @ {Far}\n./vendor/vendored-1.0-py3-none-any.whl\n./libs/util\n");
        Assert.Equal(locked.Wheels[0], (await ChooseAsync(_store.Store, more, locked.Wheels, [])).Wheels[0] with { Needs = locked.Wheels[0].Needs });
        Assert.Empty(_server.Requests);
        var updated = await ChooseAsync(_store.Store, more, [.. locked.Wheels.Skip(1)], []);
        Assert.NotEqual(locked.Wheels[0].Sha256, updated.Wheels[0].Sha256);
        Assert.Equal(locked.Wheels[0].From, updated.Wheels[0].From);

        // Nobody else's file is taken for the locked one.
        using var other = new TemporaryStore();
        var failure = await Assert.ThrowsAnyAsync<MayflyException>(() => WheelFetch.AllAsync(other.Store, new PythonSources(), [locked.Wheels[0]], more.Read().Addresses));
        Assert.Contains($"its file has {_server.Files["t0ken-of-nobody/far-1.0-py3-none-any.whl"].Length} bytes instead of {locked.Wheels[0].Size}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_projects_of_one_archive_are_told_apart_and_odd_ways_to_say_where_can_be_read_back()
    {
        foreach (var name in (string[])["alpha", "beta"])
            SourceProject.Folder($"{Stack}/mono/{name}", new Dictionary<string, string> { ["pyproject.toml"] = $"[project]\nname = '{name}'\nversion = '1.0'\n" });
        var mono = $"{DirectReference.OfPath(Stack)}/mono";
        var text = $"alpha @ {mono}#subdirectory=./alpha/\nbeta @ {mono}#subdirectory=beta//.\n";
        var builds = new FolderBuilds(_store.Store);
        var locked = await ChooseAsync(_store.Store, Request(text), [], [], builds);
        Assert.Equal([("alpha-1.0-py3-none-any.whl", "alpha"), ("beta-1.0-py3-none-any.whl", "beta")], locked.Wheels.Select(static wheel => (wheel.File, wheel.Source!.Subdirectory!)));
        builds.Made.Clear();
        // What is whole of a variable, but behind the host, is a variable.
        Environment.SetEnvironmentVariable("OWN_TEST_WHEELS", Far[..Far.LastIndexOf('/')].Replace("${OWN_TEST_TOKEN}", "t0ken-of-nobody", StringComparison.Ordinal));
        var more = Request($"{text}far @ ${{OWN_TEST_WHEELS}}/far-1.0-py3-none-any.whl\n./vendor/vendored-1.0-py3-none-any.whl\n");
        var grown = await ChooseAsync(_store.Store, more, locked.Wheels, [], builds);
        Assert.Empty(builds.Made);
        Assert.Equal(locked.Wheels.Select(static wheel => wheel.Sha256), grown.Wheels.Where(static wheel => wheel.Index == "folder").Select(static wheel => wheel.Sha256));
        LockFile.Write($"{Stack}/stack.lock", Lock() with { Environments = [grown] });
        Assert.DoesNotContain("sw0rdfish", await File.ReadAllTextAsync($"{Stack}/stack.lock", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        // And of several one may be updated.
        var updated = await ChooseAsync(_store.Store, more, [.. grown.Wheels.Where(static wheel => wheel.ReadName().Project.Text != "beta")], [], builds);
        Assert.Equal(grown.Wheels.Select(static wheel => wheel.File), updated.Wheels.Select(static wheel => wheel.File));
        Assert.Equal(["mono.tar"], builds.Made);
    }

    [Fact]
    public async Task The_stacks_own_folder_is_a_project_whatever_its_clone_is_called()
    {
        SourceProject.Folder(Stack, new Dictionary<string, string> { ["pyproject.toml"] = "[project]\nname = 'whole'\nversion = '1.0'\n" });
        var locked = await ChooseAsync(_store.Store, Request("-e .\n"), [], []);
        var wheel = Assert.Single(locked.Wheels);
        Assert.Equal((".", "project.tar"), (wheel.From, wheel.Source!.File));
        // The lock that is written into it changes nothing.
        LockFile.Write($"{Stack}/stack.lock", Lock() with { Environments = [locked] });
        Assert.Same(locked, Find(Lock() with { Environments = [locked] }, Request("-e .\n")));
    }

    [Fact]
    public async Task Archives_want_permission_and_paths_in_packages_are_nobodys()
    {
        SourceProject.Archive($"{Stack}/vendor", "packed", new Dictionary<string, string> { ["pyproject.toml"] = "[project]\nname = 'packed'\nversion = '1.0'\n" });
        var request = Request("./vendor/packed-1.0.tar.gz\n");
        var failure = await Assert.ThrowsAnyAsync<MayflyException>(() => ChooseAsync(_store.Store, request, [], []));
        Assert.Contains("packed-1.0.tar.gz is sources, from which nothing is built without permission", failure.Message, StringComparison.Ordinal);
        var locked = await ChooseAsync(_store.Store, request with { Builds = BuildPermission.Parse("packed") }, [], []);
        Assert.Equal(("file", "./vendor/packed-1.0.tar.gz"), (Assert.Single(locked.Wheels).Index, locked.Wheels[0].From));

        WheelFile.Write($"{Stack}/vendor", "leading", "1.0", new Dictionary<string, byte[]>(), $"Requires-Dist: util @ {DirectReference.OfPath($"{Stack}/libs/util")}\n");
        failure = await Assert.ThrowsAnyAsync<MayflyException>(() => ChooseAsync(_store.Store, Request("./vendor/leading-1.0-py3-none-any.whl\n"), [], []));
        Assert.Contains("util", failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.Hint);

        failure = await Assert.ThrowsAnyAsync<MayflyException>(() => ChooseAsync(_store.Store, request = Request("./libs\n"), [], []));
        Assert.Equal(($"{request.File}:1: ./libs has neither pyproject.toml nor setup.py", "name the folder of a Python project"), (failure.Message, failure.Hint));
    }

    private LockedEnvironment? Find(StackLock stack, EnvironmentRequest request) => EnvironmentChoice.Find(_store.Store, stack, request, request.Read(), ImagePython.Of(stack, "web"), Packages);

    private EnvironmentRequest Request(string text)
    {
        File.WriteAllText($"{Stack}/requirements.txt", text);
        return new EnvironmentRequest("web", $"{Stack}/requirements.txt", "/srv/env");
    }

    private static async Task<LockedEnvironment> ChooseAsync(Store store, EnvironmentRequest request, IReadOnlyList<LockedWheel> stays, List<string> notes, FolderBuilds? builds = null) =>
        await EnvironmentChoice.ChooseAsync(store, request, request.Read(), ImagePython.Of(Lock(), "web"), Packages, new RequirementsFile { NoIndex = true }, stays, _ => builds ?? new FolderBuilds(store), new Notes(notes), TestContext.Current.CancellationToken);

    private sealed class Notes(List<string> notes) : IProgress<Activity>
    {
        public void Report(Activity value)
        {
            if (value.Name.StartsWith("note: ", StringComparison.Ordinal))
                notes.Add($"{value.Name}: {value.Detail}");
        }
    }

    private static StackLock Lock()
    {
        LockedPackage[] packages = [Package("libc6", "2.36-9"), Package("python3", "3.11.2-1"), Package("python3.11", "3.11.2-6")];
        return new StackLock
        {
            Format = StackLock.CurrentFormat,
            Architecture = "amd64",
            Releases = [new LockedRelease { Id = "x", Origin = "Debian", Label = "Debian", Suite = "stable", Codename = "bookworm", Date = DateTimeOffset.UnixEpoch, Digest = new string('a', 64), Components = ["main"] }],
            Packages = packages,
            Sets = [new LockedSet { Name = "base", Requests = [], Stages = [new LockedStage([packages[0].Id])] }, new LockedSet { Name = "web", Requests = [], Stages = [new LockedStage([packages[1].Id, packages[2].Id])] }],
        };

        static LockedPackage Package(string name, string version) => new() { Name = name, Version = version, Architecture = "amd64", Sha256 = new string('a', 64), Size = 1, Path = "pool/x", Release = "x" };
    }

    /// <summary>Stands for an image: takes the sources apart and makes a wheel that is called as they say.</summary>
    private sealed partial class FolderBuilds(Store store) : ISourceBuilder
    {
        public List<string> Made { get; } = [];

        public Task<CoreMetadata> MetadataAsync(SourceTree source, CancellationToken cancellationToken)
        {
            var (name, version) = Read(source);
            return Task.FromResult(CoreMetadata.Read(Encoding.UTF8.GetBytes($"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{(name == "other" ? "Provides-Extra: fast\nRequires-Dist: far; extra == 'fast'\n" : "")}"), source.Name));
        }

        public Task<IReadOnlyList<DependencySpecifier>> RequirementsAsync(SourceTree source, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<BuiltWheel> BuildAsync(SourceTree source, CancellationToken cancellationToken)
        {
            Made.Add(source.Name);
            var (name, version) = Read(source);
            using var work = store.BeginWork("built");
            var (wheel, sha256) = WheelFile.Keep(store, WheelFile.Write(work.Path, name, version, new Dictionary<string, byte[]>(), ""));
            return Task.FromResult(new BuiltWheel(wheel, sha256, []));
        }

        private (string Name, string Version) Read(SourceTree source)
        {
            Assert.Null(source.Folder);
            using var work = store.BeginWork("unpacked");
            var tree = SourceArchive.Unpack(store.PathOf(StoreArea.Artifacts, source.Sha256!), source.ArchiveName, work.Path);
            var project = $"{tree}/{source.Subdirectory}";
            var text = File.ReadAllText(File.Exists($"{project}/setup.py") ? $"{project}/setup.py" : $"{project}/pyproject.toml");
            return (NamePattern().Match(text).Groups[1].Value, VersionPattern().Match(text).Groups[1].Value);
        }

        [GeneratedRegex("name ?= ?'([a-z]+)'")]
        private static partial Regex NamePattern();

        [GeneratedRegex("version ?= ?'([0-9.]+)'")]
        private static partial Regex VersionPattern();
    }
}
