using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Packages.Tests.Python;

/// <summary>Requirements files in effect: options, folders of wheels, digests. pip judges where it has the same meaning.</summary>
public sealed class PythonRequirementsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-requirements-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    [Trait("needs", "oracle")]
    public async Task A_file_comes_to_what_pip_would_install_for_it()
    {
        var store = Store.Open($"{_folder.FullName}/store");
        var indexes = Enumerable.Range(0, 15 * PackagingVerdicts.Times).Select(static number => new GeneratedIndex(PackagingVerdicts.Seed + 5_000_000 + number, 6)).ToArray();
        try
        {
            List<(string File, string? Ours)> answers = [];
            foreach (var index in indexes)
            {
                _ = index.Links();
                var plain = index.Requirements($"--index-url {index.Address}\n{string.Join('\n', index.Some(3))}\n-c {index.Requirements(string.Join('\n', index.Constraints()))}\n");
                answers.Add((plain, await ChosenAsync(store, plain)));
                var links = index.Requirements($"--no-index\n--find-links links\n--pre\n{string.Join('\n', index.Some(2))}\nnothing ; python_version < '3'\n");
                answers.Add((links, await ChosenAsync(store, links)));
                // With extras among them pip refuses some that it chose itself.
                if (await ResolveAsync(store, plain) is not { Count: > 0 } chosen || chosen.Any(static one => one.Extras.Count > 0))
                    continue;
                // What was chosen, each with the digest of its file and of another one; and once with one of them wrong.
                foreach (var wrong in (bool[])[false, true])
                {
                    var pinned = chosen.Select((one, at) => $"{one.Project}=={one.Version} --hash=sha256:{new string('0', 64)} \\\n  --hash=sha256:{(wrong && at == 0 ? new string('1', 64) : one.File!.Hashes["sha256"])}");
                    var hashed = index.Requirements($"--index-url {index.Address}\n{string.Join('\n', pinned)}\n");
                    answers.Add((hashed, await ChosenAsync(store, hashed)));
                }
            }

            var verdicts = ChosenVersions.OfPip(answers.Select(static one => one.File));
            // As with requirements by themselves, which are compared more closely: pip takes a pre-release less often, and may go back on something else.
            var different = answers.Zip(verdicts).Where(static pair => pair.First.Ours != pair.Second && !ChosenVersions.AreNewer(pair.First.Ours, pair.Second)
                && !(pair.First.Ours is { } ours && ChosenVersions.Of(ours).Values.Any(static version => version.IsPreRelease))).ToArray();
            Assert.True(different.Length == 0, $"seed {PackagingVerdicts.Seed}, {different.Length} of {answers.Count} differ:\n{string.Join('\n', different.Take(5).Select(static one => $"{File.ReadAllText(one.First.File)}  {one.First.Ours ?? "none"} instead of\n  {one.Second ?? "none"}"))}");
            Assert.True(verdicts.Count(static one => one is not null) > answers.Count / 3 && verdicts.Count(static one => one is null) > answers.Count / 6);
        }
        finally
        {
            Array.ForEach(indexes, static index => index.Dispose());
        }
    }

    [Theory]
    [InlineData("one\ntwo==1 --hash=sha256:00\n", "requirements.txt:1: one has no --hash, and others have")]
    [InlineData("--require-hashes\none==1\n", "requirements.txt:2: one==1 has no --hash, and others have")]
    [InlineData("one==1 --hash=sha512:00\n", "requirements.txt:1: one==1 has a digest by sha512 alone, and indexes say SHA-256")]
    [InlineData("one>=1 --hash=sha256:00\n", "requirements.txt:1: one>=1 has a --hash and no exact version")]
    [InlineData("\n-e .\n", "requirements.txt:2: . is a file, a folder or an address of its own, of which it is not known what project it is")]
    [InlineData("one @ svn+https://files.test/one\n", "requirements.txt:1: svn+https://files.test/one leads to a repository of a version control system that mayfly does not know")]
    [InlineData("one @ git+https://files.test/one\ntwo==1 --hash=sha256:00\n", "requirements.txt:1: git+https://files.test/one is a repository, of which nobody can say a digest, and others have a --hash")]
    [InlineData("one @ https://files.test/one.exe\n", "requirements.txt:1: https://files.test/one.exe is neither a wheel nor an archive of sources")]
    [InlineData("one[\n", "requirements.txt:1: ")]
    [InlineData("--index-url nowhere\n", "'nowhere' is no address of an index")]
    [InlineData("--find-links ftp://x/\n", "'ftp://x/' is no address that files are looked for in")]
    [InlineData("--find-links http://[\n", "'http://[' is no address that files are looked for in")]
    [InlineData("a @ gopher://x/a-1.zip\n", "requirements.txt:1: gopher://x/a-1.zip is no address that something can be installed from")]
    public void What_contradicts_itself_or_is_not_done_is_told_with_its_place(string text, string message)
    {
        var failure = Assert.Throws<MayflyException>(() => Of(text, "requirements.txt"));
        Assert.StartsWith(message, failure.Message, StringComparison.Ordinal);
        Assert.NotEmpty(failure.Hint!);
    }

    [Fact]
    public void Indexes_that_are_named_besides_come_first_and_links_before_all()
    {
        var sources = Of("--extra-index-url https://own.test/simple\n--index-url https://public.test/simple/\n--find-links https://links.test/\n", "requirements.txt").Sources;
        Assert.Equal(["https://own.test/simple/", "https://public.test/simple/"], sources.Indexes.Select(static index => index.AbsoluteUri));
        Assert.Equal(["https://links.test/"], sources.Links.Select(static link => link.AbsoluteUri));
        var hashed = Of("one==1 --hash=sha256:AA --hash=sha256:bb\n-c constraints.txt\n", "requirements.txt").Sources;
        Assert.True(hashed.RequireDigests);
        Assert.Equal(["aa", "bb"], hashed.Digests[ProjectName.Parse("one")].Order());
        Assert.Empty(Of("--no-index\n", "requirements.txt").Sources.Indexes);
        Assert.Equal(["https://usual.test/"], Of("", "requirements.txt").Sources.Indexes.Select(static index => index.AbsoluteUri));
    }

    private static PythonRequirements Of(string text, string name) =>
        PythonRequirements.Of(RequirementsFile.Read(name, path => path == name ? text : "", static _ => null), new PythonSources { Indexes = [new Uri("https://usual.test/")] }, PythonResolutionTests.Target);

    private static async Task<string?> ChosenAsync(Store store, string file) =>
        await ResolveAsync(store, file) is { } chosen ? string.Join(' ', chosen.Select(static one => $"{one.Project}=={one.Version}")) : null;

    private static async Task<IReadOnlyList<ChosenDistribution>?> ResolveAsync(Store store, string file)
    {
        var requirements = PythonRequirements.Of(RequirementsFile.Read(file, File.ReadAllText, static _ => null), new PythonSources(), PythonResolutionTests.Target);
        try
        {
            return await PythonResolution.ResolveAsync(store, requirements.Wanted, PythonResolutionTests.Target, requirements.Sources, cancellationToken: TestContext.Current.CancellationToken);
        }
        catch (UnresolvableException)
        {
            return null;
        }
    }
}
