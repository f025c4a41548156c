using System.Runtime.InteropServices;

namespace Mayfly.Linux;

/// <summary>A descriptor and what is waited for at it; struct pollfd of poll(2).</summary>
internal unsafe partial struct Poll
{
    public const short In = 1, Out = 4, Error = 8, HungUp = 16;

    private const int Interrupted = 4;

    private readonly int _descriptor;
    private readonly short _wanted;
    private readonly short _came;

    /// <param name="descriptor">To be kept open by the caller.</param>
    /// <param name="wanted">With 0, nothing but that it failed or was hung up.</param>
    public Poll(SafeHandle descriptor, short wanted) => (_descriptor, _wanted, _came) = ((int)descriptor.DangerousGetHandle(), wanted, 0);

    private Poll(int descriptor) => _descriptor = descriptor;

    /// <summary>An entry that waits for nothing.</summary>
    public static Poll None { get; } = new(-1);

    public readonly bool IsReady => _came != 0;

    public readonly bool IsHungUp => (_came & (Error | HungUp)) != 0;

    /// <summary>Waits until something is there. False when it was nothing for so many milliseconds; -1 for as long as it takes.</summary>
    public static bool Wait(Span<Poll> waits, int timeout = -1)
    {
        int ready;
        fixed (Poll* start = waits)
        {
            while ((ready = poll(start, (nuint)waits.Length, timeout)) < 0)
            {
                if (Marshal.GetLastPInvokeError() != Interrupted)
                    throw LinuxException.Last("poll", $"{waits.Length} descriptors");
            }
        }

        return ready > 0;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(Poll* waits, nuint count, int timeout);
}
