using Mayfly.Environments.Tests;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Locking;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Packages.Tests.Python;

/// <summary>What an image's environment has, chosen without an image.</summary>
public sealed class EnvironmentChoiceTests : IDisposable
{
    /// <summary>Stands for the Debian packages that sources are built in.</summary>
    private static readonly Lazy<string> Built = new(new string('a', 64));

    private readonly TemporaryStore _store = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-choice-");

    public void Dispose()
    {
        _store.Dispose();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("amd64", "3.11.2-1+b1", "3.11.2-6+deb12u6", "2.36-9+deb12u10", "cpython 3.11.2, glibc 2.36, x86_64")]
    [InlineData("arm64", "3.13.5-1", "3.13.5-2", "2.41-12", "cpython 3.13.5, glibc 2.41, aarch64")]
    [InlineData("i386", "3.14.0~rc1-1", "3.14.0~rc2-1", "2.42-0ubuntu1", "cpython 3.14.0rc2, glibc 2.42, i686")]
    public void The_interpreter_is_known_from_the_lock(string architecture, string python3, string python, string library, string expected)
    {
        var found = ImagePython.Of(Lock(architecture, python3, python, library), "web");
        Assert.Equal(expected, found.ToString());
        Assert.Equal(found.Target.Markers.PythonVersion, string.Join('.', python3.Split('.').Take(2)));
        Assert.Contains(found.Target.Tags, tag => tag.ToString() == $"cp3{found.Minor}-cp3{found.Minor}-manylinux_2_17_{found.Machine}");
    }

    [Fact]
    public void Without_an_interpreter_nothing_is_chosen()
    {
        var stack = Lock("amd64", "3.11.2-1", "3.11.2-6", "2.36-9");
        var failure = Assert.Throws<MayflyException>(() => ImagePython.Of(stack with { Packages = [.. stack.Packages.Where(static package => package.Name != "python3")] }, "web"));
        Assert.Equal(("component web has Python packages and no interpreter that runs them", "add .Install(\"python3\") to web"), (failure.Message, failure.Hint));
    }

    [Fact]
    public async Task What_is_locked_holds_until_the_file_is_edited_and_stays_then()
    {
        var python = ImagePython.Of(Lock("amd64", "3.11.2-1", "3.11.2-6", "2.36-9"), "web");
        const string first = "alpha", second = "beta";
        var links = _folder.CreateSubdirectory("links").FullName;
        WheelFile.Write(links, first, "1.0", new Dictionary<string, byte[]>(), "");
        WheelFile.Write(links, first, "2.0", new Dictionary<string, byte[]>(), "");
        WheelFile.Write(links, second, "1.0", new Dictionary<string, byte[]>(), "Requires-Dist: alpha\n");
        var request = Request($"--find-links links\n{first}<2\n");
        var locked = await ChooseAsync(request, python, []);
        Assert.All(locked.Wheels, static wheel => Assert.Equal("links", wheel.Index));
        Assert.Equal([$"{first}<2"], locked.Requests);
        var stack = Lock("amd64", "3.11.2-1", "3.11.2-6", "2.36-9") with { Environments = [locked] };
        Assert.Same(locked, EnvironmentChoice.Find(_store.Store, stack, request, request.Read(), python, Built));
        Assert.Null(EnvironmentChoice.Find(_store.Store, stack, request, request.Read(), python with { Minor = 12, Version = Packages.Python.PythonVersion.Parse("3.12.1") }, Built));

        // A line more, and what was old by somebody's wish is old still without it.
        request = Request($"--find-links links\n{first}\n{second}\n");
        Assert.Null(EnvironmentChoice.Find(_store.Store, stack, request, request.Read(), python, Built));
        var grown = await ChooseAsync(request, python, locked.Wheels);
        Assert.Equal("1.0", Version(grown, first));
        Assert.Equal([first], grown.Wheels.Single(static wheel => wheel.File.StartsWith(second, StringComparison.Ordinal)).Needs);
        Assert.Equal("2.0", Version(await ChooseAsync(request, python, []), first));
        // What the file itself rules out does not stay, and a locked one that does not fit the rest goes too.
        Assert.Equal("2.0", Version(await ChooseAsync(Request($"--find-links links\n{first}>1\n"), python, locked.Wheels), first));
        WheelFile.Write(links, second, "2.0", new Dictionary<string, byte[]>(), "Requires-Dist: alpha>1\n");
        Assert.Equal("2.0", Version(await ChooseAsync(Request($"--find-links links\n{second}>1\n"), python, locked.Wheels), first));

        // All of it can be had anew by digest, and not otherwise.
        await WheelFetch.AllAsync(_store.Store, Sources(), grown.Wheels);
        Assert.All(grown.Wheels, wheel => Assert.True(WheelFetch.IsThere(_store.Store, wheel)));
        var failure = await Assert.ThrowsAsync<MayflyException>(() => WheelFetch.AllAsync(_store.Store, Sources(), [grown.Wheels[0] with { Sha256 = new string('0', 64) }]));
        Assert.Equal($"no index that is configured here has {grown.Wheels[0].File} with the SHA-256 {new string('0', 64)}", failure.Message);
    }

    [Fact]
    public async Task Without_an_index_it_says_so()
    {
        var failure = await Assert.ThrowsAsync<MayflyException>(() => ChooseAsync(Request("--no-index\ndjango\n"), ImagePython.Of(Lock("amd64", "3.11.2-1", "3.11.2-6", "2.36-9"), "web"), []));
        Assert.Equal("component web wants Python packages, and no index may be asked for them", failure.Message);
    }

    [Fact]
    public async Task Sources_are_no_wheels()
    {
        var python = ImagePython.Of(Lock("amd64", "3.11.2-1", "3.11.2-6", "2.36-9"), "web");
        var links = _folder.CreateSubdirectory("links").FullName;
        File.WriteAllText($"{links}/gamma-2.0.tar.gz", "");
        var request = Request("--no-index\n--find-links links\ngamma\n");
        var failure = await Assert.ThrowsAsync<UnresolvableException>(() => ChooseAsync(request, python, []));
        Assert.Contains("gamma 2.0 has sources alone, from which nothing is built without permission", failure.Message, StringComparison.Ordinal);
        Assert.Equal("a build runs code of that project, in the image: permit it with .Pip(\"requirements.txt\", into: \"/srv/env\", allowBuild: [\"gamma\"]), or take a version that has a wheel", failure.Hint);
        // An older wheel is better than none.
        WheelFile.Write(links, "gamma", "1.0", new Dictionary<string, byte[]>(), "");
        Assert.Equal("1.0", Version(await ChooseAsync(request, python, []), "gamma"));
    }

    [Fact]
    public async Task Sources_that_may_be_built_are_locked_with_what_they_are_built_with()
    {
        var python = ImagePython.Of(Lock("amd64", "3.11.2-1", "3.11.2-6", "2.36-9"), "web");
        var links = _folder.CreateSubdirectory("links").FullName;
        WheelFile.Write(links, "tool", "1.0", new Dictionary<string, byte[]>(), "");
        SourceProject.Archive(links, "gamma", new Dictionary<string, string>());
        SourceProject.Archive(links, "delta", new Dictionary<string, string>());
        var permitted = Request("--no-index\n--find-links links\ngamma\n") with { Builds = BuildPermission.Parse("gamma,delta") };
        var builder = new RecordedBuilds(_store.Store, _folder.CreateSubdirectory("built").FullName, new Uri(links));
        var locked = await EnvironmentChoice.ChooseAsync(_store.Store, permitted, permitted.Read(), python, Built, new RequirementsFile(), [], _ => builder);
        var wheel = Assert.Single(locked.Wheels);
        Assert.Equal(("gamma-1.0-py3-none-any.whl", "links", "gamma-1.0.tar.gz", Sha256($"{links}/gamma-1.0.tar.gz")), (wheel.File, wheel.Index, wheel.Source!.File, wheel.Source.Sha256));
        // What it is built with is built itself, with another one.
        Assert.Equal(["delta-1.0.tar.gz", null], wheel.Source.With.Select(static one => one.Source?.File));
        Assert.Equal(["delta-1.0-py3-none-any.whl", "tool-1.0-py3-none-any.whl"], wheel.Source.With.Select(static one => one.File));
        Assert.Equal("tool-1.0-py3-none-any.whl", Assert.Single(wheel.Source.With[0].Source!.With).File);

        // It holds as long as the script permits it.
        var stack = Lock("amd64", "3.11.2-1", "3.11.2-6", "2.36-9") with { Environments = [locked] };
        Assert.Same(locked, EnvironmentChoice.Find(_store.Store, stack, permitted, permitted.Read(), python, Built));
        Assert.Null(EnvironmentChoice.Find(_store.Store, stack, permitted with { Builds = BuildPermission.None }, permitted.Read(), python, Built));

        Assert.Null(EnvironmentChoice.Find(_store.Store, stack, permitted with { Builds = BuildPermission.Parse("gamma") }, permitted.Read(), python, Built));
        // And as long as the packages are the same that it is built in; then a line more builds nothing anew.
        Assert.Null(EnvironmentChoice.Find(_store.Store, stack, permitted, permitted.Read(), python, new(new string('b', 64))));
        WheelFile.Write(links, "more", "1.0", new Dictionary<string, byte[]>(), "");
        var more = Request("--no-index\n--find-links links\ngamma\nmore\n") with { Builds = permitted.Builds };
        builder.Made.Clear();
        var stayed = await EnvironmentChoice.ChooseAsync(_store.Store, more, more.Read(), python, Built, new RequirementsFile(), locked.Wheels, _ => builder);
        Assert.Equal(["gamma-1.0-py3-none-any.whl", "more-1.0-py3-none-any.whl"], stayed.Wheels.Select(static one => one.File));
        Assert.Same(wheel.Source, stayed.Wheels[0].Source);
        Assert.Empty(builder.Made);

        // Elsewhere the files are fetched, all of them, and the same is built of exactly those.
        using var other = new TemporaryStore();
        await WheelFetch.AllAsync(other.Store, Sources(), locked.Wheels);
        Assert.False(WheelFetch.IsThere(other.Store, wheel));
        Assert.All((string[])[wheel.Source.Sha256, .. wheel.Source.With.Select(static one => one.Source?.Sha256 ?? one.Sha256)], sha256 => Assert.True(other.Store.Has(StoreArea.Artifacts, sha256)));
        var again = new RecordedBuilds(other.Store, _folder.CreateSubdirectory("again").FullName, new Uri(links));
        var refused = await Assert.ThrowsAsync<MayflyException>(() => LockedBuilds.AllAsync(other.Store, locked.Wheels, BuildPermission.None, again, TestContext.Current.CancellationToken));
        Assert.Equal("stack.lock has gamma-1.0.tar.gz, and nothing of gamma may be built", refused.Message);
        await LockedBuilds.AllAsync(other.Store, locked.Wheels, permitted.Builds, again, TestContext.Current.CancellationToken);
        Assert.True(WheelFetch.IsThere(other.Store, wheel));
        Assert.Equal(["delta-1.0.tar.gz with tool-1.0-py3-none-any.whl", "gamma-1.0.tar.gz with delta-1.0.tar.gz (tool-1.0-py3-none-any.whl), tool-1.0-py3-none-any.whl"], again.Asked);
        var otherwise = await Assert.ThrowsAsync<MayflyException>(() => LockedBuilds.AllAsync(other.Store, [wheel with { Sha256 = new string('0', 64) }], permitted.Builds, again, TestContext.Current.CancellationToken));
        Assert.Equal($"gamma-1.0.tar.gz gave another wheel than the one that stack.lock has: gamma-1.0-py3-none-any.whl with the SHA-256 {wheel.Sha256}, and not {new string('0', 64)}", otherwise.Message);
    }

    /// <summary>Stands for an image: its wheels are empty ones, and gamma is built with delta, which is built with a tool.</summary>
    private sealed class RecordedBuilds(Store store, string folder, Uri links) : ISourceBuilder
    {
        public List<string> Asked { get; } = [];

        public List<string> Made { get; } = [];

        public Task<CoreMetadata> MetadataAsync(SourceTree source, CancellationToken cancellationToken) =>
            Task.FromResult(CoreMetadata.Read(System.Text.Encoding.UTF8.GetBytes($"Metadata-Version: 2.1\nName: {source.Name.Split('-')[0]}\nVersion: {source.Name.Split('-')[1][..3]}\n"), source.Name));

        public Task<IReadOnlyList<DependencySpecifier>> RequirementsAsync(SourceTree source, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<BuiltWheel> BuildAsync(SourceTree source, CancellationToken cancellationToken)
        {
            var (name, version) = (source.Name.Split('-')[0], source.Name.Split('-')[1][..3]);
            Made.Add(source.Name);
            if (source.Requires is { } told)
                Asked.Add($"{source.Name} with {string.Join(", ", told.Select(static one => one.File!.Name + (one.BuildRequires is { } inner ? $" ({string.Join(", ", inner.Select(static need => need.File!.Name))})" : "")))}");
            var (wheel, sha256) = WheelFile.Keep(store, WheelFile.Write(folder, name, version, new Dictionary<string, byte[]>(), ""));
            return Task.FromResult(new BuiltWheel(wheel, sha256, name == "gamma" ? [Of("delta-1.0.tar.gz"), Of("tool-1.0-py3-none-any.whl")] : [Of("tool-1.0-py3-none-any.whl")]));
        }

        private ChosenDistribution Of(string file) => new()
        {
            Project = ProjectName.Parse(file.Split('-')[0]),
            Version = Packages.Python.PythonVersion.Parse("1.0"),
            File = new IndexFile { Name = file, Address = new Uri($"{links}/{file}") },
            Index = links,
            Requires = [],
        };
    }

    private static string Sha256(string path) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));

    [Fact]
    public void A_project_file_says_what_it_needs()
    {
        var path = $"{_folder.FullName}/pyproject.toml";
        File.WriteAllText(path, "[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"django >= 4\"]\n");
        Assert.Equal("django>=4", new EnvironmentRequest("web", path, "/srv/env").Read().Requirements.Entries.Single().Text);
        var failure = Assert.Throws<MayflyException>(() => new EnvironmentRequest("web", $"{path}x", "/srv/env").Read());
        Assert.StartsWith($"component web takes its Python packages from {path}x, which cannot be read: ", failure.Message, StringComparison.Ordinal);
    }

    private PythonSources Sources() => new() { Links = [new Uri($"{_folder.FullName}/links")] };

    private EnvironmentRequest Request(string text)
    {
        File.WriteAllText($"{_folder.FullName}/requirements.txt", text);
        return new EnvironmentRequest("web", $"{_folder.FullName}/requirements.txt", "/srv/env");
    }

    private Task<LockedEnvironment> ChooseAsync(EnvironmentRequest request, ImagePython python, IReadOnlyList<LockedWheel> stays) =>
        EnvironmentChoice.ChooseAsync(_store.Store, request, request.Read(), python, Built, new RequirementsFile(), stays);

    private static string Version(LockedEnvironment environment, string project) => environment.Wheels.Single(wheel => wheel.ReadName().Project.Text == project).ReadName().Version.ToString();

    private static StackLock Lock(string architecture, string python3, string python, string library)
    {
        LockedPackage[] packages = [Package("libc6", library), Package("python3", python3), Package($"python3.{python3.Split('.')[1]}", python)];
        return new StackLock
        {
            Architecture = architecture,
            Releases = [],
            Packages = packages,
            Sets = [new LockedSet { Name = "base", Requests = [], Stages = [new LockedStage([packages[0].Id])] }, new LockedSet { Name = "web", Requests = [], Stages = [new LockedStage([packages[1].Id, packages[2].Id])] }],
        };

        LockedPackage Package(string name, string version) => new() { Name = name, Version = version, Architecture = architecture, Sha256 = new string('a', 64), Size = 1, Path = "pool/x", Release = "x" };
    }
}
