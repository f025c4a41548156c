using Mayfly.Packages.Debian.Licences;
using Mayfly.Tests.Shared.Licences;

namespace Mayfly.Packages.Tests.Debian.Licences;

/// <summary>The copyright files of every package of this host, some hundred, read as python3-debian reads them.</summary>
[Trait("needs", "oracle")]
public sealed class CopyrightOracleTests
{
    private const int Fewest = 300;

    private static readonly string[] Paths =
        [.. Directory.GetDirectories("/usr/share/doc").Order(StringComparer.Ordinal).Select(static folder => Path.Combine(folder, "copyright")).Where(File.Exists)];

    [Fact]
    public void Every_paragraph_of_every_package_of_this_host()
    {
        Assert.True(Paths.Length >= Fewest, $"this host has {Paths.Length} copyright files only");
        string[] texts = [.. Paths.Select(CopyrightComparison.Text)];

        var (readable, differences) = CopyrightComparison.Compare(Paths, texts, CopyrightOracle.Read(texts));

        Assert.True(differences.Count == 0, string.Join("\n", differences));
        Assert.True(readable > Paths.Length / 3, $"only {readable} of {Paths.Length} were machine-readable");
    }

    [Fact]
    public void Every_expression_of_every_package_of_this_host_is_one_for_SPDX_tools()
    {
        var package = TemporaryStore.PackageOf("x", [1]);
        var read = Paths.Select(path => CopyrightReading.Read(package, new CopyrightPlace("usr/share/doc/x/copyright", "x", path), "", static text => text)).ToList();
        string[] expressions = [.. read.SelectMany(static licences => licences.Licensed.Select(static files => files.Licence).Append(licences.Licence!)).Where(static licence => licence is not null).Select(static licence => licence.Spdx).Distinct()];
        Assert.True(expressions.Length >= Fewest, $"only {expressions.Length} expressions were found");

        // One that is none is recognised, so the others are.
        Assert.Equal(["GPL-2.0-or-later WITH", "(MIT AND ISC"], ExpressionOracle.Refused(["MIT OR (ISC AND LicenseRef-x)", "GPL-2.0-or-later WITH", "(MIT AND ISC"]).Select(static line => line.Split(": ")[0]));
        Assert.Empty(ExpressionOracle.Refused(expressions));
    }
}
