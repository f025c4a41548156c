using System.Globalization;
using System.Text.RegularExpressions;

namespace Mayfly.Packages.Python;

/// <summary>What somebody may have meant whose dependency cannot be read: common slips, and what other tools write, each corrected.</summary>
internal static partial class DependencySlip
{
    /// <summary>The kind that a corrected text is read as: no further correction of it is looked for.</summary>
    public const string Correction = "correction";

    /// <summary>More than anybody types; what is longer is no slip.</summary>
    private const int Longest = 300;

    /// <summary>In the order in which they are tried; what an earlier one has corrected, later ones see.</summary>
    private static readonly (Regex Slip, MatchEvaluator Mend, string Why)[] Slips =
    [
        (Command(), static match => match.Groups[1].Value, "the requirement alone is written"),
        (Quoted(), static match => match.Groups[1].Value, "quotation marks are for the shell"),
        (Swapped(), static match => $"{match.Groups[1].Value}=", "the equals sign comes last"),
        (Doubled(), static match => match.Groups[1].Value, "that sign is written once"),
        (OneSign(), static _ => "==", "one version is written with two equals signs"),
        (Caret(), static match => $">={match.Groups[1].Value},<{NextAfterCaret(match.Groups[1].Value)}", "there is no caret, and this means the same"),
        (Tilde(), static match => match.Groups[1].Value.Contains('.', StringComparison.Ordinal) ? $"~={match.Groups[1].Value}{(match.Groups[1].Value.Count(static letter => letter == '.') == 1 ? ".0" : "")}" : $"=={match.Groups[1].Value}.*", "the tilde stands before an equals sign, and this means the same"),
        (ShortCompatible(), static match => $"~={match.Groups[1].Value}.0", "this sign wants two numbers at least"),
        (Stars(), static match => $"{match.Groups[1].Value}.*", "one star stands for all numbers that follow"),
        (StarElsewhere(), static match => match.Groups[1].Value, "a star goes with == and != alone"),
        (LetterForStar(), static match => $"=={match.Groups[1].Value}.*", "any number is written as a star"),
        (Newest(), static _ => "", "the newest one comes without a version"),
        (NoSign(), static match => $"{match.Groups[1].Value}=={match.Groups[2].Value}", "a version is written with a sign before it, and one alone with two equals signs"),
        (And(), static _ => ",", "a comma stands between two conditions"),
        (CommaForPoint(), static match => $"{match.Groups[1].Value}.{match.Groups[2].Value}", "the numbers of a version have points between them"),
        (TwoAmpersands(), static _ => " and ", "markers are joined by words"),
        (TwoBars(), static _ => " or ", "markers are joined by words"),
        (Unquoted(), static match => $"{match.Groups[1].Value}\"{match.Groups[2].Value}\"", "what a marker compares with stands in quotation marks"),
        (PythonAlone(), static _ => "python_version", "that is called python_version"),
        (LastComma(), static _ => "", "nothing follows the last comma"),
    ];

    /// <summary>A hint with what it should be; null when no correction of it can be read either.</summary>
    /// <param name="text">What cannot be read.</param>
    public static string? Hint(string text)
    {
        if (text.Length > Longest)
            return null;
        var (mended, why) = (text.Trim(), (string?)null);
        foreach (var (slip, mend, reason) in Slips)
        {
            var before = mended;
            mended = slip.Replace(mended, mend);
            if (mended == before)
                continue;
            why ??= reason;
            if (Reads(mended))
                return $"{why}: {mended.Trim()}";
        }

        return null;
    }

    private static bool Reads(string text)
    {
        try
        {
            var reader = new DependencyReader(text, Correction);
            reader.Dependency();
            reader.End();
            return true;
        }
        catch (MayflyException)
        {
            return false;
        }
    }

    /// <summary>npm and Poetry: nothing before the first number that is not zero may change.</summary>
    private static string NextAfterCaret(string version)
    {
        var numbers = version.Split('.').Select(static number => long.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        var at = Array.FindIndex(numbers, static number => number != 0);
        at = at < 0 ? numbers.Length - 1 : at;
        return string.Join('.', numbers[..at].Append(numbers[at] + 1));
    }

    [GeneratedRegex(@"^(?:python3? -m )?(?:pip3? )?(?:install|add) +(?!-)(.+)$")]
    private static partial Regex Command();

    [GeneratedRegex("""^["'](.+)["']$""")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"=([<>!~])(?!=)")]
    private static partial Regex Swapped();

    [GeneratedRegex(@"([<>])\1+")]
    private static partial Regex Doubled();

    [GeneratedRegex(@"(?<![=<>!~])=(?!=)")]
    private static partial Regex OneSign();

    [GeneratedRegex(@"(?:==?|@)? *\^ *(\d{1,9}(?:\.\d{1,9}){0,3})(?![\w.])")]
    private static partial Regex Caret();

    [GeneratedRegex(@"(?:==?|@)? *~(?!=) *(\d{1,9}(?:\.\d{1,9}){0,3})(?![\w.])")]
    private static partial Regex Tilde();

    [GeneratedRegex(@"~= *(\d+)(?![\w.])")]
    private static partial Regex ShortCompatible();

    [GeneratedRegex(@"([=!]= *\d+(?:\.\d+)*)(?:\.\*){2,}")]
    private static partial Regex Stars();

    [GeneratedRegex(@"((?:[<>]=?|~=) *\d+(?:\.\d+)*)(?:\.\*)+")]
    private static partial Regex StarElsewhere();

    [GeneratedRegex(@"(?:==|(?<=^[\w.\]-]+) +) *(\d+(?:\.\d+)*)(?:\.[xX])+(?![\w.])")]
    private static partial Regex LetterForStar();

    [GeneratedRegex(@"(?: *(?:==|@|:) *| +)(?:latest|newest|\*)$")]
    private static partial Regex Newest();

    [GeneratedRegex(@"^([A-Za-z0-9][\w.-]*(?: *\[[^\]]*\])?)(?: *[@:] *| +)v?(\d+(?:\.\d+)*(?:\.\*|[\w.+-]*))(?= *(?:;|$))")]
    private static partial Regex NoSign();

    [GeneratedRegex(@"(?<=\d|\*)(?: *&& *| +and +| *& *| +)(?=[<>=!~])")]
    private static partial Regex And();

    [GeneratedRegex(@"(?<===? *)(\d+),(\d+)(?= *(?:;|$))")]
    private static partial Regex CommaForPoint();

    [GeneratedRegex(@" *&& *")]
    private static partial Regex TwoAmpersands();

    [GeneratedRegex(@" *\|\| *")]
    private static partial Regex TwoBars();

    [GeneratedRegex(@"((?:python_version|python_full_version|implementation_version|sys_platform|os_name|platform_\w+|implementation_name|extra) *(?:[<>=!~]=?|===) *)([\w.]+)(?![\w.""'])")]
    private static partial Regex Unquoted();

    [GeneratedRegex(@"(?<=;.*)\bpython(?= *(?:[<>=!~]))")]
    private static partial Regex PythonAlone();

    [GeneratedRegex(@", *$")]
    private static partial Regex LastComma();
}
