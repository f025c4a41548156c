using CsCheck;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

public sealed class DebianVersionTests
{
    private static readonly Gen<string> GenPart = Gen.Char["0019aAzZ.+~"].Array[0, 6].Select(characters => new string(characters));

    private static readonly Gen<string> GenVersion =
        from epoch in Gen.OneOf(Gen.Const(""), Gen.Const("0:"), Gen.Const("1:"), Gen.Const("12:"))
        from head in Gen.Char["0129"]
        from part in GenPart
        from dashed in Gen.OneOf(Gen.Const(""), Gen.Const("-"), Gen.Const("-0"))
        from revision in GenPart
        select $"{epoch}{head}{part}{(revision.Length > 0 || dashed != "-" ? dashed : "")}{(dashed.Length > 0 ? revision : "")}";

    [Theory]
    [InlineData("1.0", "1.00", 0)]
    [InlineData("1.0~rc1", "1.0", -1)]
    [InlineData("1.0", "1.0-0", 0)]
    [InlineData("1:0.1", "9", 1)]
    [InlineData("0:1", "1", 0)]
    [InlineData("1.0a", "1.0+", -1)]
    [InlineData("1.20260101000000000000", "1.20260101000000000001", -1)]
    [InlineData("1-1~deb12u1", "1-1", -1)]
    public void Versions_compare_by_policy(string a, string b, int expected)
    {
        Assert.Equal(expected, Math.Sign(DebianVersion.Compare(a, b)));
        Assert.Equal(-expected, Math.Sign(DebianVersion.Compare(b, a)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a1")]
    [InlineData("1-")]
    [InlineData(":1")]
    [InlineData("x:1")]
    [InlineData("1 2")]
    [InlineData("1/2")]
    public void What_is_no_version_is_refused(string text) => Assert.False(DebianVersion.IsValid(text));

    /// <summary>dpkg compares four thousand pairs in one shell: the pairs come from a fixed seed, and half of them are near each other.</summary>
    [Fact]
    [Trait("needs", "oracle")]
    public void Order_is_dpkgs()
    {
        var pairs = new List<(string A, string B)>();
        (from a in GenVersion from b in GenVersion from near in Gen.Bool from at in Gen.Int[0, 20] from c in Gen.Char["019az~+."] select (a, near ? Changed(a, at, c) : b))
            .Sample(pair =>
            {
                lock (pairs)
                    pairs.Add(pair);
            }, seed: "0000KOIXmR_3", iter: 4000, threads: 1);
        pairs.RemoveAll(pair => !DebianVersion.IsValid(pair.A) || !DebianVersion.IsValid(pair.B));
        Assert.True(pairs.Count > 3000);
        var script = string.Join('\n', pairs.Select(pair => $"dpkg --compare-versions '{pair.A}' lt '{pair.B}' && echo -1 || {{ dpkg --compare-versions '{pair.A}' eq '{pair.B}' && echo 0 || echo 1; }}"));
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "compare");
        File.WriteAllText(file, script);
        var (_, output, _) = HostArchive.Run("sh", file);
        var expected = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToArray();
        Assert.Equal(pairs.Count, expected.Length);
        Assert.Empty(pairs.Zip(expected).Where(item => Math.Sign(DebianVersion.Compare(item.First.A, item.First.B)) != item.Second)
            .Select(item => $"{item.First.A} {item.First.B}: dpkg says {item.Second}"));
    }

    [Fact]
    public void Order_is_antisymmetric_and_transitive() =>
        Gen.Select(GenVersion, GenVersion, GenVersion).Sample((a, b, c) =>
            Math.Sign(DebianVersion.Compare(a, b)) == -Math.Sign(DebianVersion.Compare(b, a))
            && !(DebianVersion.Compare(a, b) <= 0 && DebianVersion.Compare(b, c) <= 0 && DebianVersion.Compare(a, c) > 0), seed: "0000KOIXmR_3", iter: 20_000);

    private static string Changed(string version, int at, char c) => version.Insert(1 + (at % version.Length), c.ToString());
}
