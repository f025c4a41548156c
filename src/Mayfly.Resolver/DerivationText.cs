using System.Text;

namespace Mayfly.Resolver;

/// <summary>Puts a derivation into sentences, one a line, each deeper fact indented below what it explains.</summary>
public static class DerivationText
{
    /// <summary>No honest reader follows deeper or longer explanations.</summary>
    private const int LongestText = 40;

    public static string Render(Derivation derivation)
    {
        var text = new StringBuilder();
        var lines = 0;
        Render(derivation, 0, text, ref lines);
        return text.ToString().TrimEnd('\n');
    }

    private static void Render(Derivation derivation, int depth, StringBuilder text, ref int lines)
    {
        var provider = derivation.Provider;
        var subject = derivation.RequiredBy is { } by ? $"{provider.Describe(by)} {derivation.Requirement.Verb} {derivation.Requirement.Origin}" : $"{derivation.Requirement.Origin} is asked for";
        if (derivation.Attempts.Count == 0)
        {
            Line($"{subject}, but {provider.WhyNone(derivation.Requirement)}", depth, text, ref lines);
            return;
        }

        Line($"{subject}, but", depth, text, ref lines);
        foreach (var attempt in derivation.Attempts)
        {
            var name = provider.Describe(attempt.Candidate);
            if (attempt.Obstacles.Count == 0)
                Line($"{name} fails as said above", depth + 1, text, ref lines);
            foreach (var obstacle in attempt.Obstacles)
            {
                switch (obstacle)
                {
                    case Excluded excluded when excluded.By == attempt.Candidate:
                        Line($"{name} {excluded.Exclusion.Origin}, and {provider.Describe(excluded.Other)} is {Wanted(excluded.Other, excluded.Chain, provider)}", depth + 1, text, ref lines);
                        break;
                    case Excluded excluded:
                        Line($"{provider.Describe(excluded.By)}, {Wanted(excluded.By, excluded.Chain, provider)}, {excluded.Exclusion.Origin}, which rules out {name}", depth + 1, text, ref lines);
                        break;
                    case Superseded superseded:
                        Line($"{name} cannot stand beside {provider.Describe(superseded.Version)}, {Wanted(superseded.Version, superseded.Chain, provider)}", depth + 1, text, ref lines);
                        break;
                    case Unmet unmet:
                        Render(unmet.Derivation, depth + 1, text, ref lines);
                        break;
                }
            }
        }
    }

    private static string Wanted(int candidate, IReadOnlyList<int> chain, ICandidateProvider provider) =>
        chain.Count == 0 ? provider.Standing(candidate) : $"required by {string.Join(", which is required by ", chain.Reverse().Select(provider.Describe))}";

    private static void Line(string sentence, int depth, StringBuilder text, ref int lines)
    {
        lines++;
        if (lines > LongestText)
            return;
        text.Append(' ', depth * 2).Append(lines == LongestText ? "…" : sentence).Append('\n');
    }
}
