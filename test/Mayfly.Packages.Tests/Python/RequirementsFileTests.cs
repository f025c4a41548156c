using System.Text.Json;
using Mayfly.Packages.Python;

namespace Mayfly.Packages.Tests.Python;

/// <summary>Requirements files mean what pip takes them to mean; its own reader judges.</summary>
public sealed class RequirementsFileTests
{
    [Fact]
    [Trait("needs", "oracle")]
    public void Files_are_read_as_pip_reads_them()
    {
        var write = new RequirementsSpellings(PackagingVerdicts.Seed);
        var questions = Enumerable.Range(0, 3_000 * PackagingVerdicts.Times).Select(_ => new { files = write.Files(), variables = write.Variables }).ToArray();
        var verdicts = PackagingVerdicts.Ask("pip-requirements.py", questions);
        var different = questions.Zip(verdicts).Where(pair => JsonSerializer.Serialize(Ours(pair.First.files, pair.First.variables)) != JsonSerializer.Serialize(pair.Second)).ToList();
        Assert.True(different.Count == 0, $"seed {PackagingVerdicts.Seed}, {different.Count} of {questions.Length} differ:\n{string.Join('\n', different.Take(10).Select(static pair => $"{JsonSerializer.Serialize(pair.First.files, PackagingVerdicts.Readable)}:\n  {JsonSerializer.Serialize(Ours(pair.First.files, pair.First.variables), PackagingVerdicts.Readable)} instead of\n  {pair.Second.GetRawText()}"))}");
        // Most of them say something.
        Assert.True(verdicts.Count(static verdict => verdict.ValueKind != JsonValueKind.Null) > questions.Length / 2);
    }

    [Theory]
    [InlineData("django --hash=md5:1", "requirements.txt:1: 'md5:1' is no hash: sha256, sha384 or sha512, a colon, and the digits")]
    [InlineData("\n--index", "requirements.txt:2: --index needs a value")]
    [InlineData("--upgrade", "requirements.txt:1: --upgrade is no option of such a file")]
    [InlineData("-x", "requirements.txt:1: -x is no option of such a file")]
    [InlineData("--pre=yes", "requirements.txt:1: --pre takes no value")]
    [InlineData("-e 'here", "requirements.txt:1: a quotation mark or a backslash in it has no end")]
    [InlineData("-r requirements.txt", "requirements.txt names itself, by way of requirements.txt")]
    public void A_wrong_line_is_told_with_its_place(string text, string message) =>
        Assert.Equal(message, Assert.Throws<MayflyException>(() => RequirementsFile.Read("requirements.txt", _ => text, static _ => null)).Message);

    private static object? Ours(IReadOnlyDictionary<string, string> files, IReadOnlyDictionary<string, string> variables)
    {
        try
        {
            var all = RequirementsFile.Read("requirements.txt", path => files.TryGetValue(path, out var text) ? text : throw new MayflyException($"there is no file {path}"), name => variables.GetValueOrDefault(name));
            return new object?[]
            {
                all.Entries.Select(static one => new object[] { one.File, one.Line, one.Text, one.IsEditable, one.IsConstraint, one.Hashes.Order(StringComparer.Ordinal) }),
                new { index = all.Index, further = all.FurtherIndexes, noIndex = all.NoIndex, links = all.FindLinks.Select(static one => one.Place), wheels = all.PrefersWheels, hashes = all.RequiresHashes, pre = all.PreReleases, hosts = all.Access.TrustedHosts },
            };
        }
        catch (MayflyException)
        {
            return null;
        }
    }
}
