using System.Text.Json;
using System.Text.RegularExpressions;
using Mayfly.Packages.Python;

namespace Mayfly.Packages.Tests.Python;

/// <summary>
/// Versions, specifiers, markers, dependencies, names and tags: <c>packaging</c> judges all of them alike, but where it departs from the standard's text, and then
/// the text is cited.
/// </summary>
[Trait("needs", "oracle")]
public sealed partial class PackagingAgreementTests
{
    private readonly Spellings _write = new(PackagingVerdicts.Seed);

    [Fact]
    public void Versions_are_read_and_written_alike()
    {
        Compare(15_000, () => ["version", Around(_write.Perhaps(_write.Version()))], static question => PythonVersion.TryParse(Text(question, 1))?.ToString());
    }

    [Fact]
    public void Versions_are_ordered_alike()
    {
        Compare(15_000, () => ["compare", _write.Version(), _write.Version()], static question =>
        {
            var (left, right) = (PythonVersion.Parse(Text(question, 1)), PythonVersion.Parse(Text(question, 2)));
            var order = Math.Sign(left.CompareTo(right));
            Assert.Equal(-order, Math.Sign(right.CompareTo(left)));
            Assert.True(order != 0 || left.GetHashCode() == right.GetHashCode(), $"{left} and {right} are equal and their hashes are not");
            return order;
        });
    }

    [Fact]
    public void Specifiers_allow_the_same_versions()
    {
        Compare(30_000, () => ["specifier", _write.Perhaps(_write.Specifier()), _write.Version(), _write.Answer()], static question =>
            VersionSpecifier.TryParse(Text(question, 1))?.Allows(PythonVersion.Parse(Text(question, 2)), (bool?)question[3]), ByTheText);

        static IReadOnlyList<object?> ByTheText(object?[][] questions)
        {
            var clauses = questions.Select(static question => NothingToEqual().IsMatch(Text(question, 1)) ? null : VersionSpecifier.Parse(Text(question, 1)).Clauses.Select(clause => InTheWordsOfThePep(clause, PythonVersion.Parse(Text(question, 2)))).ToArray()).ToArray();
            var asked = new Queue<JsonElement>(PackagingVerdicts.Of(clauses.SelectMany(static all => all?.OfType<object?[]>() ?? [])));
            return [.. questions.Zip(clauses, (question, all) => all is null ? null : (object?)(MayBeTaken(question) & all.Select(one => one is bool known ? known : asked.Dequeue().GetBoolean()).ToArray().All(static met => met)))];
        }

        static bool MayBeTaken(object?[] question) => !PythonVersion.Parse(Text(question, 2)).IsPreRelease || ((bool?)question[3] ?? VersionSpecifier.Parse(Text(question, 1)).AsksForPreReleases);

        // An answer, or a question that the library understands as the PEP does.
        static object InTheWordsOfThePep(VersionClause clause, PythonVersion version)
        {
            var ofRelease = clause.IsPrefix || clause.Operator == SpecifierOperator.Compatible;
            // "simple string equality": what is no version equals none. The library fails when it looks for a pre-release in it.
            if (clause.Version is null)
                return false;
            // Versions of different epochs have no common prefix. The library takes the epoch for a part of the first number.
            if (ofRelease && clause.Version.Epoch != version.Epoch)
                return clause.Operator == SpecifierOperator.NotEqual;
            // "normalization … before comparing": the library takes 'preview' for a number of the release when it is not normalised.
            var (text, other) = (clause.ToString(), version.ToString());
            if (ofRelease && !version.Epoch.IsZero)
                (text, other) = (text[..2] + text[(text.IndexOf('!', 2) + 1)..], other[(other.IndexOf('!') + 1)..]);
            return new object?[] { "specifier", text, other, true };
        }
    }

    [Fact]
    public void Markers_hold_in_the_same_places()
    {
        string[] versions = ["3.8.10", "3.9.0", "3.11.2", "3.12.0", "3.13.0a1"];
        Compare(20_000, () =>
        {
            var version = _write.One(versions);
            return ["marker", _write.Perhaps(_write.Marker()), new MarkerEnvironment
            {
                OsName = _write.One("posix", "nt"), SysPlatform = _write.One("linux", "win32", "darwin"), PlatformMachine = _write.One("x86_64", "arm64"), PlatformPythonImplementation = _write.One("CPython", "PyPy"),
                PlatformRelease = _write.One("6.1", "6.1.0-13-amd64"), PlatformSystem = _write.One("Linux", "Windows"), PlatformVersion = "#1 SMP", PythonVersion = string.Join('.', version.Split('.')[..2]),
                PythonFullVersion = version, ImplementationName = _write.One("cpython", "pypy"), ImplementationVersion = version, Extra = _write.One("", "test", "Dev.Tools"),
            }];
        }, static question => Verdict(Text(question, 1), (MarkerEnvironment)question[2]!), ByTheText);

        static object? Verdict(string text, MarkerEnvironment environment)
        {
            try
            {
                var marker = Marker.Parse(text);
                try
                {
                    var holds = marker.Holds(environment);
                    // What is written is read as the same.
                    Assert.Equal(holds, Marker.Parse(marker.ToString()).Holds(environment));
                    return holds;
                }
                catch (MayflyException)
                {
                    return "undefined";
                }
            }
            catch (MayflyException)
            {
                return null;
            }
        }

        // "when … both sides have a valid version specifier": the library looks at one side only, and fails when the other is no version.
        static IReadOnlyList<object?> ByTheText(object?[][] questions) => [.. PackagingVerdicts.Of(questions.Select(static question => (object?[])["marker by the text", question[1], question[2]]))];
    }

    [Fact]
    public void Dependencies_are_read_alike()
    {
        Compare(20_000, () => ["dependency", _write.Perhaps(_write.Dependency())], static question =>
        {
            try
            {
                var one = DependencySpecifier.Parse(Text(question, 1));
                Assert.Equal(one, DependencySpecifier.Parse(one.ToString()));
                return new object?[] { one.Name.Text, one.Extras.Select(static extra => extra.Text), one.Versions.Clauses.Select(static clause => clause.ToString()).Distinct().Order(StringComparer.Ordinal), one.Address, one.Marker is not null };
            }
            catch (MayflyException)
            {
                return null;
            }
        }, static questions => [.. PackagingVerdicts.Of(questions.Select(static question => (object?[])["dependency", NameEndsInLowLine().IsMatch(Text(question, 1)) || NothingToEqual().IsMatch(Text(question, 1)) ? "" : ArbitraryVersion().Replace(Text(question, 1), "$0 ")]))]);
    }

    /// <summary>"… ends with a letter or digit": the library takes a low line too.</summary>
    [GeneratedRegex(@"^\s*[\w.-]*_(?![\w.-])|^[^;@]*\[[^\]]*_(?![\w.-])")]
    private static partial Regex NameEndsInLowLine();

    /// <summary>The grammar wants a character at least after this sign; the library takes none.</summary>
    [GeneratedRegex(@"===\s*($|[;),])")]
    private static partial Regex NothingToEqual();

    /// <summary>No version of the PEP's grammar has a comma; the library reads on as far as the next space.</summary>
    [GeneratedRegex(@"===\s*[^\s;),]*(?=,)")]
    private static partial Regex ArbitraryVersion();

    [Fact]
    public void Interpreters_like_the_same_wheels()
    {
        Compare(400, () =>
        {
            var (implementation, minor) = (_write.One("cp", "cp", "cp", "pp"), _write.One(0, 2, 7, 8, 11, 13));
            string[] abis = implementation == "cp" ? _write.One<string[]>([$"cp3{minor}"], [$"cp3{minor}d", $"cp3{minor}"]) : ["pypy39_pp73"];
            return ["interpreter", implementation, 3, minor, abis, _write.One("x86_64", "i686", "aarch64", "riscv64", "armv7l"), _write.One<object[]?>(null, [false, 2, 36], [false, 2, 17], [false, 2, 4], [true, 1, 2])];
        }, static question => new InterpreterTags
        {
            Implementation = Text(question, 1),
            Major = 3,
            Minor = (int)question[3]!,
            Abis = (string[])question[4]!,
            Platforms = LinuxPlatform.Tags(Text(question, 5), question[6] is object[] library ? new CLibrary((bool)library[0], (int)library[1], (int)library[2]) : null),
        }.All().Select(static tag => tag.ToString()));
    }

    [Fact]
    public void Names_are_normalised_alike() =>
        Compare(2_000, () => ["name", _write.Name()], static question => ProjectName.Parse(Text(question, 1)).Text);

    [Fact]
    public void Names_of_files_say_the_same()
    {
        // The library does not look whether what stands before the version can be a name (PEP 508); then nothing is.
        Compare(5_000, () => ["wheel", _write.Perhaps(_write.WheelName(), "0a.-_+!")], static question => WheelName.TryParse(Text(question, 1)) is not { } wheel ? null :
            new object?[] { wheel.Project.Text, wheel.Version.ToString(), wheel.Build is { } build ? new[] { build.Number.ToString(), build.Suffix } : null, wheel.Tags.Select(static tag => tag.ToString()).Order(StringComparer.Ordinal) },
            static questions => [.. questions.Select(static question => ProjectName.IsValid(Text(question, 1).AsSpan(0, Text(question, 1).IndexOf('-'))) ? "a name" : null)]);
        Compare(3_000, () => ["source", _write.Perhaps(_write.SourceName(), "0a.-_+!")], static question => SourceName.TryParse(Text(question, 1)) is not { } source ? null : new[] { source.Project.Text, source.Version.ToString() },
            static questions => [.. questions.Select(static question => ProjectName.IsValid(Text(question, 1).AsSpan(0, Text(question, 1).LastIndexOf('-'))) ? "a name" : null)]);
    }

    private string Around(string text) => _write.One("", "", "", " ", "\n") + text + _write.One("", "", "", " ");

    private static string Text(object?[] question, int argument) => (string)question[argument]!;

    /// <summary>Asks both, and shows the questions that they answer differently.</summary>
    /// <param name="cases">How many questions.</param>
    /// <param name="ask">Makes one.</param>
    /// <param name="answer">Ours.</param>
    /// <param name="byTheText">Where they differ: what the standard's text says, without asking us.</param>
    private static void Compare(int cases, Func<object?[]> ask, Func<object?[], object?> answer, Func<object?[][], IReadOnlyList<object?>>? byTheText = null)
    {
        object?[][] questions = [.. Enumerable.Range(0, cases * PackagingVerdicts.Times).Select(_ => ask())];
        var verdicts = PackagingVerdicts.Of(questions);
        Assert.Equal(questions.Length, verdicts.Count);
        var ours = questions.Select(question => JsonSerializer.Serialize(answer(question))).ToArray();
        var different = Enumerable.Range(0, questions.Length).Where(i => ours[i] != JsonSerializer.Serialize(verdicts[i])).ToList();
        var explained = different.Count;
        if (byTheText is not null && different.Count > 0)
        {
            var text = byTheText([.. different.Select(i => questions[i])]);
            different = [.. different.Where((i, at) => ours[i] != JsonSerializer.Serialize(text[at]))];
        }

        Assert.True(different.Count == 0, $"seed {PackagingVerdicts.Seed}, {different.Count} of {questions.Length} differ:\n{string.Join('\n', different.Take(20).Select(i => $"{JsonSerializer.Serialize(questions[i], PackagingVerdicts.Readable)}: {ours[i]} instead of {verdicts[i].GetRawText()}"))}");
        // An explanation for everything would explain nothing.
        Assert.True(explained < questions.Length / 30, $"seed {PackagingVerdicts.Seed}: {explained} of {questions.Length} differ from the library by the standard's text");
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {PackagingVerdicts.Seed}: {questions.Length} questions, {explained} answered by the standard's text");
    }
}
