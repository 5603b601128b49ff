//! How many renders are under way at a time. Who comes when there is no room
//! waits a while; room that comes free goes to the client that has least of it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::client::Client;

/// How long one waits for room.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The door.
#[derive(Clone, Debug)]
pub struct Admission {
    room: Arc<Mutex<Room>>,
}

#[derive(Debug)]
struct Room {
    n_places: usize,
    /// How many each client has.
    held: HashMap<Client, usize>,
    n_held: usize,
    waiting: VecDeque<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    client: Client,
    place: oneshot::Sender<Place>,
}

/// A render's place; it is free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    client: Client,
    room: Option<Arc<Mutex<Room>>>,
}

/// Nobody left in time; so many were before this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// Who waited longer.
    pub n_before: usize,
}

impl Admission {
    /// Room for `n_places` renders.
    pub fn new(n_places: usize) -> Self {
        let room =
            Room { n_places: n_places.max(1), held: HashMap::new(), n_held: 0, waiting: VecDeque::new() };
        Admission { room: Arc::new(Mutex::new(room)) }
    }

    /// A place for `client`, waited for a while. Who stops waiting, takes none.
    pub async fn admit(&self, client: Client) -> Result<Place, Full> {
        let (place, granted) = oneshot::channel();
        let n_before = {
            let mut room = lock(&self.room);
            room.waiting.push_back(Waiter { client, place });
            room.waiting.len() - 1
        };
        Room::grant(&self.room);
        // A place that comes too late is dropped with the channel, and so is free.
        match tokio::time::timeout(PATIENCE, granted).await {
            Ok(Ok(place)) => Ok(place),
            _ => {
                lock(&self.room).waiting.retain(|waiter| !waiter.place.is_closed());
                Err(Full { n_before })
            }
        }
    }

    /// Renders that are under way.
    pub fn n_held(&self) -> usize {
        lock(&self.room).n_held
    }

    /// Renders that wait.
    pub fn n_waiting(&self) -> usize {
        lock(&self.room).waiting.iter().filter(|waiter| !waiter.place.is_closed()).count()
    }
}

fn lock(room: &Mutex<Room>) -> MutexGuard<'_, Room> {
    room.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Room {
    /// Gives free places to who waits.
    fn grant(own: &Arc<Mutex<Room>>) {
        loop {
            let (waiter, place) = {
                let mut room = lock(own);
                let Some(waiter) = room.next() else { return };
                *room.held.entry(waiter.client).or_default() += 1;
                room.n_held += 1;
                let place = Place { client: waiter.client, room: Some(Arc::clone(own)) };
                (waiter, place)
            };
            if let Err(mut refused) = waiter.place.send(place) {
                // It has just gone. Not by dropping: that would grant from within.
                refused.leave();
            }
        }
    }

    /// Who is next: of those with the fewest places the one that waits longest.
    fn next(&mut self) -> Option<Waiter> {
        self.waiting.retain(|waiter| !waiter.place.is_closed());
        if self.n_held >= self.n_places {
            return None;
        }
        let n_held = |waiter: &Waiter| self.held.get(&waiter.client).copied().unwrap_or(0);
        let idx = (0..self.waiting.len()).min_by_key(|&idx| n_held(&self.waiting[idx]))?;
        self.waiting.remove(idx)
    }
}

impl Place {
    fn leave(&mut self) -> Option<Arc<Mutex<Room>>> {
        let own = self.room.take()?;
        {
            let mut room = lock(&own);
            room.n_held -= 1;
            if let Some(n) = room.held.get_mut(&self.client) {
                *n -= 1;
                if *n == 0 {
                    room.held.remove(&self.client);
                }
            }
        }
        Some(own)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(own) = self.leave() {
            Room::grant(&own);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(n: u8) -> Client {
        Client::of([192, 0, 2, n].into())
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_takes_no_place() {
        let door = Admission::new(1);
        let place = door.admit(client(1)).await.unwrap();
        let refused = tokio::spawn({
            let door = door.clone();
            async move { door.admit(client(2)).await.map(drop) }
        });
        tokio::time::sleep(PATIENCE / 2).await;
        assert_eq!((door.n_held(), door.n_waiting()), (1, 1));
        assert_eq!(refused.await.unwrap(), Err(Full { n_before: 0 }));
        assert_eq!((door.n_held(), door.n_waiting()), (1, 0));
        drop(place);
        assert_eq!(door.n_held(), 0);
        drop(door.admit(client(2)).await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn room_goes_to_who_has_least_of_it() {
        let door = Admission::new(3);
        let mut places = Vec::new();
        for _ in 0..3 {
            places.push(door.admit(client(1)).await.unwrap());
        }
        let (told, mut order) = tokio::sync::mpsc::unbounded_channel();
        for who in [1, 1, 2, 1, 3, 2] {
            let (door, told) = (door.clone(), told.clone());
            tokio::spawn(async move {
                let place = door.admit(client(who)).await.unwrap();
                told.send((who, place)).unwrap();
            });
            tokio::task::yield_now().await;
        }
        drop(places);
        let mut entered = Vec::new();
        for _ in 0..6 {
            // Each leaves as soon as it is seen.
            entered.push(order.recv().await.unwrap().0);
        }
        // All three places of client 1 came free one after the other.
        assert_eq!(&entered[..2], [2, 3], "{entered:?}");
        assert_eq!(door.n_held(), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn ten_thousand_comings_and_goings_leave_every_place_free() {
        let door = Admission::new(8);
        let mut all = Vec::new();
        for n in 0..10_000_u32 {
            let door = door.clone();
            let cut = Duration::from_micros(u64::from(n % 97));
            all.push(tokio::spawn(async move {
                // Cut while it waits, while it is granted, or while it holds.
                let stay = async {
                    let place = door.admit(client((n % 5) as u8)).await;
                    tokio::task::yield_now().await;
                    drop(place);
                };
                let _ = tokio::time::timeout(cut, stay).await;
            }));
        }
        for one in all {
            one.await.unwrap();
        }
        assert_eq!((door.n_held(), door.n_waiting()), (0, 0));
        let mut places = Vec::new();
        for n in 0..8 {
            places.push(door.admit(client(n)).await.unwrap());
        }
        assert_eq!(door.n_held(), 8);
    }
}
