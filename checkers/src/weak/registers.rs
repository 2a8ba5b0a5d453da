//! What makes an object a family of registers: all that it does is reading and writing, by key.

use std::fmt;
use std::hash::Hash;

use crate::models::{Keyed, KeyedOp, Kv, KvOp, KvRet, Model, Register, RegisterOp, RegisterRet};

/// An operation as registers know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access<'a, V> {
    /// A read that returned this value.
    Read(&'a V),
    /// A read without an answer: it says nothing.
    ReadUnanswered,
    /// The register is set to this value.
    Write(&'a V),
}

/// A [`Model`] whose operations may be plain reads and writes of registers, one for each
/// [`Model::Key`]. Whether they are is asked for each operation.
pub trait Registers: Model {
    /// What a register holds.
    type Value: Clone + Eq + Hash + fmt::Debug;

    /// What a register holds before anybody writes it.
    fn initial(&self) -> &Self::Value;

    /// What `op`, answered with `ret`, does. `None` is "something else", such as appending.
    fn access<'a>(
        &'a self,
        op: &'a Self::Op,
        ret: Option<&'a Self::Ret>,
    ) -> Option<Access<'a, Self::Value>>;
}

impl<V: Clone + Eq + Hash + fmt::Debug> Registers for Register<V> {
    type Value = V;

    fn initial(&self) -> &V {
        Register::initial(self)
    }

    fn access<'a>(
        &'a self,
        op: &'a RegisterOp<V>,
        ret: Option<&'a RegisterRet<V>>,
    ) -> Option<Access<'a, V>> {
        match (op, ret) {
            (RegisterOp::Read, Some(RegisterRet::Value(value))) => Some(Access::Read(value)),
            (RegisterOp::Read, None) => Some(Access::ReadUnanswered),
            (RegisterOp::Write(value), None | Some(RegisterRet::Done)) => {
                Some(Access::Write(value))
            }
            (RegisterOp::Read | RegisterOp::Write(_) | RegisterOp::CompareAndSet(..), _) => None,
        }
    }
}

/// A delete writes the value of missing keys.
impl<K, V> Registers for Kv<K, V>
where
    Kv<K, V>: Model<Op = KvOp<K, V>, Ret = KvRet<V>>,
    V: Clone + Eq + Hash + fmt::Debug,
{
    type Value = V;

    fn initial(&self) -> &V {
        self.missing()
    }

    fn access<'a>(
        &'a self,
        op: &'a KvOp<K, V>,
        ret: Option<&'a KvRet<V>>,
    ) -> Option<Access<'a, V>> {
        match (op, ret) {
            (KvOp::Get(_), Some(KvRet::Value(value))) => Some(Access::Read(value)),
            (KvOp::Get(_), None) => Some(Access::ReadUnanswered),
            (KvOp::Put(_, value), None | Some(KvRet::Done)) => Some(Access::Write(value)),
            (KvOp::Delete(_), None | Some(KvRet::Done)) => Some(Access::Write(self.missing())),
            (
                KvOp::Get(_)
                | KvOp::Put(..)
                | KvOp::Append(..)
                | KvOp::Delete(_)
                | KvOp::CompareAndSet(..),
                _,
            ) => None,
        }
    }
}

impl<K: Clone + Eq + Hash + fmt::Debug, M: Registers> Registers for Keyed<K, M> {
    type Value = M::Value;

    fn initial(&self) -> &M::Value {
        self.model().initial()
    }

    fn access<'a>(
        &'a self,
        op: &'a KeyedOp<K, M::Op>,
        ret: Option<&'a M::Ret>,
    ) -> Option<Access<'a, M::Value>> {
        self.model().access(&op.op, ret)
    }
}
