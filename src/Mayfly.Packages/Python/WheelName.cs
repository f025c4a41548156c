using System.Globalization;
using System.Numerics;

namespace Mayfly.Packages.Python;

/// <summary>What the name of a wheel's file says: <c>numpy-2.3.1-1-cp311-cp311-manylinux_2_28_x86_64.whl</c>; PEP 427, "File name convention".</summary>
public sealed record WheelName
{
    public const string Extension = ".whl";

    public required ProjectName Project { get; init; }

    public required PythonVersion Version { get; init; }

    /// <summary>Breaks a tie between wheels of one version; null when the name has none, which comes before every other.</summary>
    public (BigInteger Number, string Suffix)? Build { get; init; }

    /// <summary>What it runs on.</summary>
    public required IReadOnlyList<WheelTag> Tags { get; init; }

    /// <summary>Null when it is no wheel's name.</summary>
    public static WheelName? TryParse(string file)
    {
        if (!file.EndsWith(Extension, StringComparison.Ordinal))
            return null;
        var parts = file[..^Extension.Length].Split('-');
        if (parts.Length is not (5 or 6))
            return null;
        // In this name a hyphen is written as a low line, and two of them would be no normal name's.
        var name = parts[0];
        if (name.Contains("__", StringComparison.Ordinal) || !ProjectName.IsValid(name) || PythonVersion.TryParse(parts[1]) is not { } version || WheelTag.Expand(string.Join('-', parts[^3..])) is not { } tags)
            return null;
        (BigInteger, string)? build = null;
        if (parts.Length == 6)
        {
            var digits = parts[2].AsSpan().IndexOfAnyExceptInRange('0', '9');
            if (digits < 0)
                digits = parts[2].Length;
            if (digits == 0)
                return null;
            build = (BigInteger.Parse(parts[2].AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture), parts[2][digits..]);
        }

        return new WheelName { Project = ProjectName.Normalise(name), Version = version, Build = build, Tags = tags };
    }
}
