using System.Diagnostics;
using System.Globalization;

namespace Mayfly.Environments.Tests;

/// <summary>Real inputs that a seed spoils: whatever stands there, it is read, or refused in words with a hint, in bounded memory and time.</summary>
/// <remarks><c>MAYFLY_FUZZ_CASES</c> and <c>MAYFLY_FUZZ_SEED</c> make it longer or another one.</remarks>
internal static class Noise
{
    /// <summary>Bytes that reading one input may allocate, all told.</summary>
    private const long MostMemory = 96L << 20;

    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(20);

    /// <summary>What readers of lines, tables and numbers stumble over.</summary>
    private static readonly byte[][] Odd =
    [
        .. ((string[])["\0", "\n", "\n\n", "\r", "\r\n", "\t", " ", "\ufeff", "é", "\u2028", "\u0085", "=", ":", ",", ";", "#", "\"", "'", "\\", "\\u0000", "\\ud800", "/", "//", "..", "../../x", ".", "-", "@", "%", "%00", "${HOME}", "[", "]", "[[", "{", "}", "{}", "[]", "(", ")", "*", "!", "<", ">", "~",
            "null", "true", "-1", "0", "1e999", "2147483648", "99999999999999999999", "NaN", "one", "banana"]).Select(System.Text.Encoding.UTF8.GetBytes),
        [0xff], [0xc3], [0xed, 0xa0, 0x80], [.. Enumerable.Repeat((byte)'[', 300)], [.. Enumerable.Repeat((byte)'9', 5_000)], [.. Enumerable.Repeat((byte)' ', 2_000)],
    ];

    private static int Seed => Given("MAYFLY_FUZZ_SEED", 20261126);

    /// <summary>Spoils and reads.</summary>
    /// <param name="cases">How many.</param>
    /// <param name="wholes">What is spoilt; each is read as it is first.</param>
    /// <param name="read">Reads one, and does with it what its users do; false where it says by its answer that it cannot be read.</param>
    /// <param name="isSealed">True where hardly anything but the whole is read, for it says its own checksum.</param>
    public static void Each(int cases, IReadOnlyList<byte[]> wholes, Func<byte[], bool> read, bool isSealed = false)
    {
        Assert.NotEmpty(wholes);
        Assert.All(wholes, whole => Assert.True(read(whole)));
        cases = Given("MAYFLY_FUZZ_CASES", cases);
        var taken = 0;
        for (var number = 0; number < cases; number++)
        {
            var random = new Random(Seed ^ (number * 7919));
            var bytes = Spoilt(random, wholes[random.Next(wholes.Count)]);
            var (before, watch) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.StartNew());
            try
            {
                taken += read(bytes) ? 1 : 0;
            }
            catch (MayflyException e) when (e is { Message.Length: > 0, Hint.Length: > 0 })
            {
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {Seed} case {number}: {e}\n{System.Text.Encoding.UTF8.GetString(bytes)}");
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < MostMemory && watch.Elapsed < MostTime, $"seed {Seed} case {number}: {allocated} bytes were allocated in {watch.Elapsed}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{taken} of {cases} were read");
        // Neither everything nor nothing, or it spoils too much or too little.
        Assert.InRange(taken, isSealed ? 0 : cases / 100, isSealed ? cases / 20 : cases - 1);
    }

    /// <summary>With some of its bytes changed, taken away, repeated, or with something odd between them; sometimes it is cut.</summary>
    public static byte[] Spoilt(Random random, byte[] whole)
    {
        List<byte> bytes = [.. whole];
        for (var left = random.Next(1, 6); left > 0; left--)
        {
            var at = random.Next(bytes.Count + 1);
            var length = Math.Min(random.Next(3) switch { 0 => 0, 1 => random.Next(4), _ => random.Next(40) }, bytes.Count - at);
            var between = random.Next(6) switch
            {
                0 => [],
                1 => [(byte)random.Next(256)],
                2 when whole.Length > 0 => whole.AsSpan(random.Next(whole.Length)) is var rest ? rest[..Math.Min(rest.Length, random.Next(80))].ToArray() : [],
                _ => Odd[random.Next(Odd.Length)],
            };
            bytes.RemoveRange(at, length);
            bytes.InsertRange(at, between);
        }

        return random.Next(12) == 0 ? [.. bytes.Take(random.Next(bytes.Count + 1))] : [.. bytes];
    }

    private static int Given(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
