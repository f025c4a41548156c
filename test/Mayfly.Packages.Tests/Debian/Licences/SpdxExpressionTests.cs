using System.Text.Json;
using Mayfly.Packages.Debian.Licences;
using Mayfly.Packages.Tests.Python;

namespace Mayfly.Packages.Tests.Debian.Licences;

/// <summary>Licence expressions as PEP 639 wants them; Debian's license-expression judges what they mean.</summary>
public sealed class SpdxExpressionTests
{
    // The first are the examples of PEP 639, "License Expression Examples" and "Project source metadata".
    [Theory]
    [InlineData("MIT", "MIT", "MIT")]
    [InlineData("BSD-3-Clause", "BSD-3-Clause", "BSD-3-Clause")]
    [InlineData("MIT AND (Apache-2.0 OR BSD-2-Clause)", "MIT AND (Apache-2.0 OR BSD-2-Clause)", "MIT AND (Apache-2.0 OR BSD-2-Clause)")]
    [InlineData("MIT OR GPL-2.0-or-later OR (FSFUL AND BSD-2-Clause)", "MIT OR GPL-2.0-or-later OR (FSFUL AND BSD-2-Clause)", "MIT OR GPL-2.0-or-later OR (FSFUL AND BSD-2-Clause)")]
    [InlineData("GPL-3.0-only WITH Classpath-exception-2.0 OR BSD-3-Clause", "GPL-3.0-only WITH Classpath-exception-2.0 OR BSD-3-Clause", "GPL-3.0-only WITH Classpath-exception-2.0 OR BSD-3-Clause")]
    [InlineData("LicenseRef-Public-Domain OR CC0-1.0 OR Unlicense", "LicenseRef-Public-Domain OR CC0-1.0 OR Unlicense", "LicenseRef-Public-Domain OR CC0-1.0 OR Unlicense")]
    [InlineData("licenseref-Proprietary", "LicenseRef-Proprietary", "LicenseRef-Proprietary")]
    [InlineData("mit and (apache-2.0 or bsd-2-clause)", "MIT AND (Apache-2.0 OR BSD-2-Clause)", "MIT AND (Apache-2.0 OR BSD-2-Clause)")]
    [InlineData("  mit\tOr\n(  ISC )", "MIT OR (ISC)", "MIT OR ISC")]
    // AND binds closer than OR, WITH closer than both, the plus sign closest.
    [InlineData("MIT OR ISC AND Zlib", "MIT OR ISC AND Zlib", "MIT OR (ISC AND Zlib)")]
    [InlineData("ISC AND Zlib OR MIT", "ISC AND Zlib OR MIT", "(ISC AND Zlib) OR MIT")]
    [InlineData("EUPL-1.1+ AND gpl-2.0+ with GCC-exception-2.0", "EUPL-1.1+ AND GPL-2.0+ WITH GCC-exception-2.0", "EUPL-1.1+ AND GPL-2.0-or-later WITH GCC-exception-2.0")]
    [InlineData("GPL-2.0", "GPL-2.0", "GPL-2.0-only")]
    public void One_is_normalized_and_understood(string text, string normalized, string meant)
    {
        var expression = SpdxExpression.Parse(text);
        Assert.Equal((normalized, meant), (expression.Text, expression.Licence.Spdx));
        Assert.Equal(normalized, SpdxExpression.Parse(normalized).Text);
    }

    // Those that PEP 639 calls invalid, and what else is none.
    [Theory]
    [InlineData("Use-it-after-midnight", "SPDX knows no licence 'Use-it-after-midnight'")]
    [InlineData("LicenseRef-License with spaces", "SPDX knows no exception 'spaces'")]
    [InlineData("LicenseRef-License_with_underscores", "'LicenseRef-License_with_underscores' is no reference, which has letters, digits, full stops and hyphens behind LicenseRef-")]
    [InlineData("LicenseRef-", "'LicenseRef-' is no reference, which has letters, digits, full stops and hyphens behind LicenseRef-")]
    [InlineData("MIT License", "'License' is not expected behind 'MIT'")]
    [InlineData("MIT/Apache-2.0", "SPDX knows no licence 'MIT/Apache-2.0'")]
    [InlineData("", "it is empty")]
    [InlineData("MIT AND", "behind 'AND' a licence is missing")]
    [InlineData("OR MIT", "a licence is missing before 'OR'")]
    [InlineData("()", "a licence is missing before ')'")]
    [InlineData("(MIT", "a bracket is not closed")]
    [InlineData("((MIT) ISC)", "'ISC' is not expected behind ')'")]
    [InlineData("MIT)", "')' is not expected behind 'MIT'")]
    [InlineData("MIT WITH", "behind 'WITH' an exception is missing")]
    [InlineData("MIT WITH ISC", "SPDX knows no exception 'ISC'")]
    [InlineData("(MIT) WITH LLVM-exception", "'WITH' is not expected behind ')'")]
    [InlineData("LLVM-exception", "SPDX knows no licence 'LLVM-exception'")]
    [InlineData("MIT +", "'+' is not expected behind 'MIT'")]
    public void What_is_none_is_told(string text, string fault)
    {
        Assert.Null(SpdxExpression.TryParse(text, out var told));
        Assert.Equal(fault, told);
        Assert.Equal($"'{text}' is no licence expression: {fault}", Assert.Throws<MayflyException>(() => SpdxExpression.Parse(text)).Message);
    }

    [Fact]
    public void Brackets_that_would_exhaust_the_stack_are_refused() =>
        Assert.Equal("its brackets are deeper than anybody's", SpdxExpression.TryParse(new string('(', 1_000_000), out var fault) is null ? fault : "");

    [Fact, Trait("needs", "oracle")]
    public void Generated_ones_mean_what_the_judge_says()
    {
        var random = new Random(PackagingVerdicts.Seed);
        string[] texts = [.. Enumerable.Range(0, 20_000 * PackagingVerdicts.Times).Select(_ => Generated(random))];
        var differences = new List<string>();
        var (taken, refused, lax) = (0, 0, 0);
        foreach (var (text, verdict) in texts.Zip(PackagingVerdicts.Ask("spdx-verdicts.py", texts)))
        {
            var theirs = verdict.ValueKind == JsonValueKind.Null ? null : string.Join(" | ", verdict.EnumerateArray().Select(static way => string.Join(" & ", way.EnumerateArray().Select(static one => one.GetString()).Order(StringComparer.Ordinal))).Order(StringComparer.Ordinal));
            var ours = SpdxExpression.TryParse(text, out var fault) is { } expression ? string.Join(" | ", Ways(expression.Licence).Select(static way => string.Join(" & ", way.Order(StringComparer.Ordinal))).Distinct().Order(StringComparer.Ordinal)) : null;
            (taken, refused) = ours is null ? (taken, refused + 1) : (taken + 1, refused);
            // The judge overlooks a licence behind a bracket, and an operator behind the last licence; SPDX's grammar has neither.
            if (fault is not null && theirs is not null && (fault.EndsWith("is not expected behind ')'", StringComparison.Ordinal) || fault is "behind 'OR' a licence is missing" or "behind 'or' a licence is missing" or "behind 'AND' a licence is missing" or "behind 'and' a licence is missing"))
                lax++;
            else if (ours != theirs)
                differences.Add($"{text}\n  ours: {ours}\n  theirs: {theirs}");
        }

        Assert.True(differences.Count == 0, $"seed {PackagingVerdicts.Seed}: {differences.Count} of {texts.Length} differ\n{string.Join('\n', differences.Take(10))}");
        Assert.True(taken > texts.Length / 5 && refused > texts.Length / 5 && lax < texts.Length / 100, $"{taken} taken, {refused} refused, {lax} taken by the judge alone");
    }

    /// <summary>The ways of fulfilling it.</summary>
    private static IEnumerable<HashSet<string>> Ways(LicenceExpression expression) => expression.Kind switch
    {
        LicenceExpressionKind.One => [[expression.Term!.Spdx]],
        LicenceExpressionKind.Any => expression.Parts.SelectMany(Ways),
        _ => expression.Parts.Aggregate((IEnumerable<HashSet<string>>)[[]], static (all, part) => [.. all.SelectMany(_ => Ways(part), static (one, other) => new HashSet<string>([.. one, .. other]))]),
    };

    /// <summary>Mostly an expression; what both lists have, for the judge's is of 2022. Of references and of the plus sign it knows only those that it has listed.</summary>
    private static string Generated(Random random)
    {
        string[] licences = ["MIT", "Apache-2.0", "BSD-3-Clause", "ISC", "MPL-2.0", "GPL-2.0-only", "GPL-3.0-or-later", "GPL-2.0", "GPL-2.0+", "LGPL-2.1+", "0BSD", "Zlib", "Unlicense", "EUPL-1.2", "X11", "OpenSSL", "ZPL-2.1", "Python-2.0"];
        string[] exceptions = ["LLVM-exception", "Classpath-exception-2.0", "GCC-exception-3.1", "Font-exception-2.0"];
        var text = Of(0);
        for (var slips = random.Next(10) < 4 ? random.Next(1, 3) : 0; slips > 0; slips--)
        {
            var words = text.Split(' ').ToList();
            var at = random.Next(words.Count);
            switch (random.Next(4))
            {
                case 0:
                    words.RemoveAt(at);
                    break;
                case 1:
                    words.Insert(at, Any(["AND", "OR", "WITH", "(", ")", .. licences, .. exceptions]));
                    break;
                case 2:
                    words[at] = Any(["Nothing-1.0", "Foo-exception", "MITT"]);
                    break;
                default:
                    words[at] = Any(["AND", "OR", "WITH", "(", ")"]);
                    break;
            }

            text = string.Join(' ', words);
        }

        return text;

        string Of(int depth) => (depth > 4 ? 0 : random.Next(7)) switch
        {
            0 or 1 => Case(Any(licences)),
            2 => $"{Case(Any(licences))} {Case("WITH")} {Case(Any(exceptions))}",
            3 => $"( {Of(depth + 1)} )",
            var kind => string.Join($" {Case(kind == 4 ? "OR" : kind == 5 ? "AND" : Any(["AND", "OR"]))} ", Enumerable.Range(0, random.Next(2, 4)).Select(_ => Of(depth + 1))),
        };

        string Any(string[] all) => all[random.Next(all.Length)];

        string Case(string word) => random.Next(4) switch { 0 => word.ToLowerInvariant(), 1 => word.ToUpperInvariant(), _ => word };
    }
}
