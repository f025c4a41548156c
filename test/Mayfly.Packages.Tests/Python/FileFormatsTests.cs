using Mayfly.Packages.Python;

namespace Mayfly.Packages.Tests.Python;

/// <summary>--no-binary and --only-binary in their order, as pip's own FormatControl answers (<c>pip-formats.py</c>).</summary>
[Trait("needs", "oracle")]
public sealed class FileFormatsTests
{
    private const int Seed = 20261126;

    [Fact]
    public void What_may_be_taken_is_what_pip_takes()
    {
        var random = new Random(Seed);
        string[] names = [":all:", ":none:", "one", "Two.x", "two-x", "one,two_x", ":all:,one", "one,:none:", ":all:,:none:", ":all:,:none:,one"];
        var questions = Enumerable.Range(0, 500).Select(_ => Enumerable.Range(0, random.Next(1, 5)).Select(_ => (Wheels: random.Next(2) == 0, Projects: names[random.Next(names.Length)])).ToArray()).ToArray();
        var verdicts = PackagingVerdicts.Ask("pip-formats.py", questions.Select(static object (one) => one.Select(static option => new { wheels = option.Wheels, projects = option.Projects })));
        foreach (var (question, verdict) in questions.Zip(verdicts))
        {
            var formats = question.Aggregate(FileFormats.Any, static (formats, one) => formats.With(one.Wheels, one.Projects));
            foreach (var project in (string[])["one", "two-x", "three"])
            {
                var name = ProjectName.Parse(project);
                Assert.Equal($"{verdict.GetProperty(project)}", string.Join(' ', ((string?[])[formats.AllowWheels(name) ? "binary" : null, formats.AllowSources(name) ? "source" : null]).OfType<string>()));
            }
        }
    }
}
