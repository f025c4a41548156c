using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Python.Universal;

namespace Mayfly.Packages.Tests.Python;

/// <summary>One lock for many environments, of indexes that a seed makes: <c>packaging</c> says what each of them gets (<c>universal-verdicts.py</c>).</summary>
public sealed class UniversalResolutionTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-universal-");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Releases of Python that some lock may treat otherwise than their neighbours.</summary>
    private static readonly string[] Releases = ["3.9.0", "3.9.1", "3.9.2", "3.9.5", "3.9.7", "3.10.0", "3.10.3", "3.10.4", "3.11.0", "3.11.1", "3.11.9", "3.12.0", "3.12.8"];

    [Fact]
    [Trait("needs", "oracle")]
    public async Task Every_environment_gets_what_it_would_get_alone()
    {
        var store = Store.Open(_folder.FullName);
        var cases = 25 * PackagingVerdicts.Times;
        var (locked, refused, environments, split, differing) = (0, 0, 0, 0, 0);
        List<(GeneratedIndex Index, string[] Wanted, Pylock Lock, (string Platform, PythonTarget Target)[] Targets)> made = [];
        try
        {
            for (var number = 0; number < cases; number++)
            {
                var index = new GeneratedIndex(PackagingVerdicts.Seed + 70_000_000 + number, 4 + (number % 6), forMany: true);
                var random = new Random(PackagingVerdicts.Seed + number);
                var wanted = index.SomeWhere(3);
                string[] platforms = [.. new[] { "linux_x86_64", "linux_aarch64", "macos_arm64", "windows_amd64" }.Where(_ => random.Next(3) > 0).DefaultIfEmpty("linux_x86_64")];
                var request = new UniversalRequest
                {
                    Requirements = new RequirementsFile { Entries = [.. wanted.Select(static text => new RequirementsEntry { File = "x", Line = 0, Text = text })] },
                    Usual = new PythonSources { Indexes = [index.Address] },
                    Pythons = PythonRange.Parse([random.Next(3) switch { 0 => ">=3.9,<3.13", 1 => "3.9,3.11", _ => ">=3.9.2,<3.12" }], VersionSpecifier.Any),
                    Platforms = [.. platforms.Select(LockPlatform.Parse)],
                };
                try
                {
                    var made1 = await UniversalResolution.ResolveAsync(store, request, cancellationToken: TestContext.Current.CancellationToken);
                    var targets = Releases.Select(static text => PythonVersion.Parse(text)).Where(version => request.Pythons.Versions.Allows(version)).SelectMany(version => request.Platforms.Select(platform => (platform.Name, platform.With(version)))).ToArray();
                    made.Add((index, wanted, made1, targets));
                }
                catch (UnresolvableException)
                {
                    refused++;
                    index.Dispose();
                }
            }

            var verdicts = PackagingVerdicts.Ask("universal-verdicts.py", made.Select(static one => new { text = one.Lock.ToString(), wanted = one.Wanted, environments = one.Targets.Select(static target => new { markers = target.Target.Markers, tags = target.Target.Tags.Select(static tag => tag.ToString()) }) }));
            foreach (var ((index, wanted, lockFile, targets), verdict) in made.Zip(verdicts))
            {
                locked++;
                split += lockFile.Packages.Count - lockFile.Packages.DistinctBy(static one => one.Name).Count();
                // What is written is read as the same.
                var read = Pylock.Read(lockFile.ToString(), "pylock.toml", new Uri("file:///srv/pylock.toml"));
                Assert.Equal(lockFile.ToString(), read.ToString());
                foreach (var ((platform, target), theirs) in targets.Zip(verdict.EnumerateArray()))
                {
                    environments++;
                    var told = $"seed {PackagingVerdicts.Seed}, {string.Join(' ', wanted)} from {index.Address} for {target.Name}\n{lockFile}";
                    var chosen = read.For(target, "pylock.toml");
                    var ours = string.Join(' ', chosen.Select(static one => $"{one.Project}=={one.Version} {one.File!.Name}"));
                    Assert.True(ours == theirs.GetProperty("selected").GetString(), $"{told}{ours} instead of\n{theirs}");
                    Assert.True(theirs.GetProperty("faults").GetArrayLength() == 0, $"{told}{theirs}");
                    // Alone, with the versions that the lock has for it.
                    var (requests, sources) = PythonRequirements.Of(new RequirementsFile { Entries = [.. wanted.Select(static text => new RequirementsEntry { File = "x", Line = 0, Text = text })] }, new PythonSources { Indexes = [index.Address], Preferred = chosen.ToDictionary(static one => one.Project, static one => (IReadOnlyList<PythonVersion>)[one.Version]) }, target);
                    var alone = await PythonResolution.ResolveAsync(store, requests, target, sources, cancellationToken: TestContext.Current.CancellationToken);
                    var line = string.Join(' ', alone.Select(static one => $"{one.Project}=={one.Version} {one.File!.Name}"));
                    Assert.True(ours == line, $"{told}{ours} instead of\n{line}");
                    differing += await DiffersFromNewestAsync(store, requests, target, index.Address, line) ? 1 : 0;
                }
            }
        }
        finally
        {
            made.ForEach(static one => one.Index.Dispose());
        }

        var figures = $"seed {PackagingVerdicts.Seed}: {locked} locks of {environments} environments, {refused} refused, {split} projects more than once, {differing} environments with other versions than without the others";
        TestContext.Current.SendDiagnosticMessage(figures);
        Assert.True(locked > cases / 4 && split > cases / 10, figures);
    }

    /// <summary>Only to know how often the others matter.</summary>
    private static async Task<bool> DiffersFromNewestAsync(Store store, IReadOnlyList<DependencySpecifier> wanted, PythonTarget target, Uri index, string line)
    {
        var newest = await PythonResolution.ResolveAsync(store, wanted, target, new PythonSources { Indexes = [index] }, cancellationToken: TestContext.Current.CancellationToken);
        return string.Join(' ', newest.Select(static one => $"{one.Project}=={one.Version} {one.File!.Name}")) != line;
    }
}
