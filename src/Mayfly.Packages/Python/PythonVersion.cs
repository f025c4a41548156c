using System.Globalization;
using System.Numerics;
using System.Text;

namespace Mayfly.Packages.Python;

/// <summary>
/// A version of a Python project as PEP 440 reads, writes and orders it:
/// <c>[epoch!]release[{a|b|rc}N][.postN][.devN][+local]</c>. Every spelling that the PEP accepts is read; <see cref="ToString"/> is the normal one.
/// </summary>
/// <remarks>Numbers have no bound in the PEP, and dates and commit numbers in versions are long. <c>1.0</c> and <c>1.0.0</c> are equal, as the PEP orders them.</remarks>
public sealed class PythonVersion : IComparable<PythonVersion>, IEquatable<PythonVersion>
{
    private readonly BigInteger[] _release;
    private readonly string[] _local;
    private string? _text;

    internal PythonVersion(BigInteger epoch, BigInteger[] release, (ReleasePhase Phase, BigInteger Number)? pre, BigInteger? post, BigInteger? dev, string[] local) =>
        (Epoch, _release, Pre, Post, Dev, _local) = (epoch, release, pre, post, dev, local);

    public BigInteger Epoch { get; }

    /// <summary>The numbers between the points, trailing zeros included; at least one.</summary>
    public IReadOnlyList<BigInteger> Release => _release;

    public (ReleasePhase Phase, BigInteger Number)? Pre { get; }

    public BigInteger? Post { get; }

    public BigInteger? Dev { get; }

    /// <summary>What follows the plus sign, normalised; empty without one.</summary>
    public string Local => string.Join('.', _local);

    /// <summary>True for pre-releases and for what was made on the way to a release: neither is chosen unless somebody asks for it.</summary>
    public bool IsPreRelease => Pre is not null || Dev is not null;

    public bool IsPostRelease => Post is not null;

    /// <summary>The same without a local part.</summary>
    public PythonVersion Public => _local.Length == 0 ? this : new PythonVersion(Epoch, _release, Pre, Post, Dev, []);

    /// <summary>Epoch and release alone.</summary>
    public PythonVersion Base => this is { Pre: null, Post: null, Dev: null, _local.Length: 0 } ? this : new PythonVersion(Epoch, _release, null, null, null, []);

    public static bool operator ==(PythonVersion? left, PythonVersion? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(PythonVersion? left, PythonVersion? right) => !(left == right);

    public static bool operator <(PythonVersion left, PythonVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(PythonVersion left, PythonVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(PythonVersion left, PythonVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(PythonVersion left, PythonVersion right) => left.CompareTo(right) >= 0;

    /// <exception cref="MayflyException">The PEP does not allow it.</exception>
    public static PythonVersion Parse(ReadOnlySpan<char> text) => TryParse(text)
        ?? throw new MayflyException($"'{text}' is no version", "a version is numbers with points between them, then perhaps a, b or rc with a number, .postN, .devN, +local (PEP 440): 1.4, 2.0rc1, 1!3.0.post2");

    /// <summary>Null when the PEP does not allow the text. White space around it does not count.</summary>
    public static PythonVersion? TryParse(ReadOnlySpan<char> text)
    {
        text = text.Trim(VersionClause.White);
        var version = VersionReader.Read(ref text, local: true);
        return text.IsEmpty ? version : null;
    }

    /// <summary>True when its release begins with the numbers of another, as <c>== 1.4.*</c> asks; missing numbers are zeros.</summary>
    public bool BeginsWith(PythonVersion prefix, int numbers)
    {
        if (Epoch != prefix.Epoch)
            return false;
        for (var i = 0; i < numbers; i++)
        {
            if (NumberAt(i) != prefix.NumberAt(i))
                return false;
        }

        return true;
    }

    public int CompareTo(PythonVersion? other)
    {
        if (other is null)
            return 1;
        var order = Epoch.CompareTo(other.Epoch);
        for (var i = 0; order == 0 && i < Math.Max(_release.Length, other._release.Length); i++)
            order = NumberAt(i).CompareTo(other.NumberAt(i));
        if (order == 0)
            order = PreRank.CompareTo(other.PreRank);
        if (order == 0 && Pre is { } pre)
            order = pre.Number.CompareTo(other.Pre!.Value.Number);
        if (order == 0) // Nothing comes before a post-release …
            order = Nullable.Compare(Post, other.Post);
        if (order == 0) // … and after a development release.
            order = Dev is null || other.Dev is null ? (Dev is null).CompareTo(other.Dev is null) : Dev.Value.CompareTo(other.Dev.Value);
        return order == 0 ? CompareLocal(_local, other._local) : order;
    }

    public bool Equals(PythonVersion? other) => CompareTo(other) == 0;

    public override bool Equals(object? obj) => Equals(obj as PythonVersion);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Epoch);
        foreach (var number in _release.AsSpan().TrimEnd(BigInteger.Zero))
            hash.Add(number);
        hash.Add(Pre);
        hash.Add(Post);
        hash.Add(Dev);
        foreach (var part in _local)
            hash.Add(part);
        return hash.ToHashCode();
    }

    /// <summary>As the PEP normalises it.</summary>
    public override string ToString() => _text ??= Write();

    private BigInteger NumberAt(int index) => index < _release.Length ? _release[index] : BigInteger.Zero;

    /// <summary>What is on the way to a release that has no pre-release comes first, the release itself after its pre-releases.</summary>
    private int PreRank => Pre is { } pre ? 1 + (int)pre.Phase : Post is null && Dev is not null ? 0 : 4;

    /// <summary>Numbers after words, words in the order of their letters, the shorter first.</summary>
    private static int CompareLocal(string[] left, string[] right)
    {
        for (var i = 0; i < Math.Min(left.Length, right.Length); i++)
        {
            var (a, b) = (IsNumber(left[i]), IsNumber(right[i]));
            var order = a != b ? a.CompareTo(b) : a && left[i].Length != right[i].Length ? left[i].Length - right[i].Length : string.CompareOrdinal(left[i], right[i]);
            if (order != 0)
                return order;
        }

        return left.Length - right.Length;

        static bool IsNumber(string part) => !part.AsSpan().ContainsAnyExceptInRange('0', '9');
    }

    private string Write()
    {
        var text = new StringBuilder();
        if (!Epoch.IsZero)
            text.Append(CultureInfo.InvariantCulture, $"{Epoch}!");
        text.AppendJoin('.', _release);
        if (Pre is { } pre)
            text.Append(CultureInfo.InvariantCulture, $"{pre.Phase switch { ReleasePhase.Alpha => "a", ReleasePhase.Beta => "b", _ => "rc" }}{pre.Number}");
        if (Post is { } post)
            text.Append(CultureInfo.InvariantCulture, $".post{post}");
        if (Dev is { } dev)
            text.Append(CultureInfo.InvariantCulture, $".dev{dev}");
        if (_local.Length > 0)
            text.Append('+').AppendJoin('.', _local);
        return text.ToString();
    }
}
