using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Packages.Tests.Python;

/// <summary>Requirements and indexes that a seed makes: what is chosen is compared with what pip would install (<see cref="PackagingVerdicts"/> has the seed).</summary>
public sealed class PythonResolutionTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-resolution-");

    private const int Shown = 8;

    internal static readonly PythonTarget Target = new(
        new MarkerEnvironment
        {
            OsName = "posix",
            SysPlatform = "linux",
            PlatformMachine = "x86_64",
            PlatformPythonImplementation = "CPython",
            PlatformRelease = "6.1",
            PlatformSystem = "Linux",
            PlatformVersion = "1",
            PythonVersion = "3.11",
            PythonFullVersion = "3.11.2",
            ImplementationName = "cpython",
            ImplementationVersion = "3.11.2",
        },
        new InterpreterTags { Implementation = "cp", Major = 3, Minor = 11, Abis = ["cp311"], Platforms = LinuxPlatform.Tags("x86_64", new CLibrary(false, 2, 36)) }.All());

    [Fact]
    [Trait("needs", "oracle")]
    public async Task What_is_chosen_is_what_pip_would_install()
    {
        var store = Store.Open(_folder.FullName);
        var cases = 20 * PackagingVerdicts.Times;
        var indexes = Enumerable.Range(0, cases).Select(number => new GeneratedIndex(PackagingVerdicts.Seed + number, 6 + (number % 5))).ToArray();
        try
        {
            var questions = indexes.SelectMany(static index => Enumerable.Range(0, 4).Select(_ => new Question(index.Address, index.Some(3), index.Constraints()))).ToArray();
            var answers = new List<Answer>();
            foreach (var (question, verdict) in questions.Zip(Verdicts(questions)))
                answers.Add(new Answer(question, await AskAsync(store, question), verdict));
            // The PEP allows a pre-release where no release would do, and pip only to a name without versions: it is asked again, with leave for those.
            var again = answers.Where(static one => one.Differs && one.Ours.PreReleases.Length > 0).ToArray();
            foreach (var (answer, verdict) in again.Zip(Verdicts([.. again.Select(static one => one.Question with { Wanted = [.. one.Ours.PreReleases.Select(static project => $"{project}>=0.dev0"), .. one.Question.Wanted] })])))
                answers[answers.IndexOf(answer)] = answer with { Theirs = verdict };
            // Where both went back from a conflict, they may go back on different things: then pip must take ours when it is asked for it, and something of ours must be newer.
            var others = answers.Where(static one => one.Differs && ChosenVersions.AreNewer(one.Ours.Text, one.Theirs)).ToArray();
            foreach (var (answer, verdict) in others.Zip(Verdicts([.. others.Select(static one => one.Question with { Wanted = [.. one.Ours.Pins, .. one.Question.Wanted] })])))
                answers[answers.IndexOf(answer)] = answer with { Theirs = verdict };
            var different = answers.Where(static one => one.Differs).ToArray();
            var told = $"seed {PackagingVerdicts.Seed}: {answers.Count(static one => !one.Differs && one.Theirs is not null)} the same, {answers.Count(static one => !one.Differs && one.Theirs is null)} refused by both, {different.Length} different; {again.Length} of them with a pre-release that nothing asks for, {others.Length} where something of ours is newer";
            TestContext.Current.SendDiagnosticMessage(told);
            Assert.True(different.Length == 0, $"{told}:\n{string.Join('\n', different.Take(Shown).Select(static one => $"{one.Question}:\n  {one.Ours.Text ?? "none"} instead of\n  {one.Theirs ?? "none"}\n{one.Ours.Why}"))}");
            // Neither is asked in vain.
            Assert.True(answers.Count(static one => one.Theirs is not null) > questions.Length / 4 && answers.Count(static one => one.Theirs is null) > questions.Length / 10, told);
        }
        finally
        {
            Array.ForEach(indexes, static index => index.Dispose());
        }
    }

    private static IReadOnlyList<string?> Verdicts(IEnumerable<Question> questions) => ChosenVersions.OfPip(questions.Select(static object (one) => new { index = one.Index.AbsoluteUri, wanted = one.Wanted, constraints = one.Constraints }));

    private static async Task<Choice> AskAsync(Store store, Question question)
    {
        try
        {
            var sources = new PythonSources { Indexes = [question.Index], Constraints = [.. question.Constraints.Select(DependencySpecifier.Parse)] };
            var chosen = await PythonResolution.ResolveAsync(store, [.. question.Wanted.Select(DependencySpecifier.Parse)], Target, sources, cancellationToken: TestContext.Current.CancellationToken);
            var names = chosen.SelectMany(static one => one.Extras.Select(extra => $"{one.Project}[{extra}]").Append(one.Project.Text).Select(name => (Name: name, one.Version))).ToArray();
            return new Choice(string.Join(' ', chosen.Select(static one => $"{one.Project}=={one.Version}")), [.. names.Where(static one => one.Version.IsPreRelease).Select(static one => one.Name)], [.. names.Select(static one => $"{one.Name}=={one.Version}")], "");
        }
        catch (UnresolvableException e)
        {
            return new Choice(null, [], [], e.Message);
        }
    }

    private sealed record Question(Uri Index, string[] Wanted, string[] Constraints)
    {
        public override string ToString() => $"{string.Join(' ', Wanted)}{(Constraints.Length > 0 ? " with the constraints " : "")}{string.Join(' ', Constraints)} from {Index}";
    }

    private sealed record Choice(string? Text, string[] PreReleases, string[] Pins, string Why);

    private sealed record Answer(Question Question, Choice Ours, string? Theirs)
    {
        public bool Differs => Ours.Text != Theirs;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
